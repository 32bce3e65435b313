// Command lines that people run with SGLang, as they wrote them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeOptions } from '../../../src/config/judge.ts';
import { normaliseArguments } from '../../../src/config/normalise.ts';
import { optionsOf } from '../../../src/config/options.ts';
import { parseValue } from '../../../src/config/parse-value.ts';

const options = optionsOf('launch');

/** The values that have an effect, and the notice about the others. Faults: those of the command line. */
function readLine(args: readonly string[]): { own: Record<string, unknown>; notice: string | null } {
  const given = normaliseArguments(args, options).map((token) => {
    const [, flag = '', text = ''] = /^--([^=]+)=(.*)$/s.exec(token) ?? assert.fail(token);
    const option = options.find(({ row }) => row.flag === flag) ?? assert.fail(flag);
    return { option, value: parseValue(option.row, text) };
  });
  const own = given.filter(({ option }) => option.row.class === undefined);
  return {
    own: Object.fromEntries(own.map(({ option, value }) => [option.name, value])),
    notice: judgeOptions(given),
  };
}

test('embedding flags mixed with tuning for generation start a server', () => {
  const { own, notice } = readLine(
    '--model-path Qwen/Qwen3-Embedding-8B --enable-metrics --trust-remote-code --served-model-name embed --context-length 20480 --mem-fraction-static 0.8 --enable-cache-report --show-time-cost --max-running-requests 64 --chunked-prefill-size 8192 --max-prefill-tokens 16384 --schedule-conservativeness 0.3 --tensor-parallel-size 1 --is-embedding --allow-auto-truncate --enable-torch-compile --torch-compile-max-bs 8 --cuda-graph-max-bs 16'.split(
      ' ',
    ),
  );
  assert.equal(own['servedModelName'], 'embed');
  assert.equal(own['tensorParallel'], 1);
  assert.equal(own['allowAutoTruncate'], true);
  assert.equal(own['batchTokens'], 16_384);
  assert.match(
    notice ?? '',
    /^\d+ flags have no effect here: .*--torch-compile-max-bs, --cuda-graph-max-bs /,
  );
});

test('the 8B model in a container, with an override of its dimensions, starts a server', () => {
  const { own, notice } = readLine([
    ...'--model-path Qwen/Qwen3-Embedding-8B --is-embedding --dtype bfloat16 --tp 1 --context-length 8192 --mem-fraction-static 0.40 --max-running-requests 2 --attention-backend triton'.split(
      ' ',
    ),
    ...['--json-model-override-args', '{"is_matryoshka":true}'],
    ...'--disable-radix-cache --chunked-prefill-size -1 --cuda-graph-backend-decode disabled --cuda-graph-backend-prefill disabled'.split(
      ' ',
    ),
  ]);
  assert.deepEqual([own['dtype'], own['memFractionStatic']], ['bfloat16', 0.4]);
  assert.match(notice ?? '', /--attention-backend, .*--disable-radix-cache/);
  assert.doesNotMatch(notice ?? '', /--is-embedding/);
});

test('seven flags, of which one has no effect, start a server', () => {
  const { own, notice } = readLine(
    '--model-path ./Qwen3-Embedding-4B --host 0.0.0.0 --port 30000 --tp 1 --mem-fraction-static 0.85 --enable-flashinfer --chat-template ./Qwen3-Embedding-4B/tokenizer_config.json'.split(
      ' ',
    ),
  );
  assert.equal(Object.keys(own).length, 6);
  assert.match(notice ?? '', /^--enable-flashinfer has no effect here: /);
});

test('a policy without effect is told with its reason, one with an effect is not', () => {
  const noticeOf = (policy: string) => readLine(['--schedule-policy', policy]).notice;
  assert.match(
    noticeOf('routing-key') ?? '',
    /^--schedule-policy routing-key has no effect here: requests are/,
  );
  assert.equal(noticeOf('lpm'), null);
});

test('all that cannot be honoured is named at once', () => {
  assert.throws(() => readLine('--grpc-mode --lora-paths a=b c=d --nnodes 2 --node-rank 0'.split(' ')), {
    code: 'OPTIONS_REFUSED',
    exitCode: 2,
    message: /--grpc-mode \(.+\), --lora-paths \(.+\), --nnodes \(.+\)$/,
    hint: /merge the adapter/,
  });
});

test('flags of the releases that had --enable-flashinfer start a server', () => {
  const { own, notice } = readLine(
    '--model-path Qwen/Qwen3-Embedding-4B --additional-ports 30001 30002 --tokenizer-mode auto --max-prefill-num-token 4096 --schedule-heuristic weight --load-balance-method shortest_queue --attention-reduce-in-fp32 --disable-log-stats --log-stats-interval 10 --enable-flashinfer --disable-regex-jump-forward --enable-mla --efficient-weight-load --max-num-reqs 256 --file-storage-pth /tmp'.split(
      ' ',
    ),
  );
  assert.deepEqual(
    [own['batchTokens'], own['schedulePolicy'], own['loadBalance']],
    [4096, 'dfs-weight', 'total_requests'],
  );
  assert.match(notice ?? '', /^\d+ flags have no effect here: --additional-ports, .*--file-storage-path /);
  assert.doesNotMatch(notice ?? '', /--disable-log-stats/);
});
