// Flags of SGLang that say what the model is and what may be asked of it, through a server as users launch it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launchServer, runCli, type RunningServer } from '../fixtures/run-cli.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { fixtureFolder } from '../fixtures/tiny-model.ts';

const CACHE = makeTemporaryFolder();
const HOME = { XDG_CACHE_HOME: CACHE, LOCALAPPDATA: CACHE };
const SUMS = join(makeTemporaryFolder(), 'checksums.json');

function writeSums(change: (sha256: string) => string): void {
  const checksums = ['config.json', 'tokenizer.json'].map((name) => {
    const content = readFileSync(join(fixtureFolder(), name));
    return [name, change(createHash('sha256').update(content).digest('hex'))];
  });
  writeFileSync(SUMS, JSON.stringify({ checksums: Object.fromEntries(checksums) as unknown }));
}

const FLAGS = ['--model-path', fixtureFolder(), '--port', '0', '--outtype', 'f32', '--model-checksum', SUMS];

describe('a server whose model was overridden', () => {
  let server: RunningServer;
  before(async () => {
    writeSums((sha256) => sha256);
    server = await launchServer(
      [
        ...FLAGS,
        ...['--tokenizer-path', fixtureFolder(), '--skip-tokenizer-init', '--enable-deterministic-inference'],
        '--json-model-override-args',
        '{"matryoshka_dimensions": [32], "max_position_embeddings": 64}',
        ...['--enable-metrics', '--tokenizer-metrics-allowed-custom-labels', 'team'],
      ],
      { env: HOME },
    );
  });
  after(() => server.end());

  const post = async (path: string, body: object, headers = {}) => {
    const answer = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    const value = (await answer.json()) as { data?: { embedding: number[] }[]; error?: { message: string } };
    return {
      status: answer.status,
      length: value.data?.[0]?.embedding.length,
      message: value.error?.message,
    };
  };

  test('takes token ids and refuses texts', async () => {
    assert.equal((await post('/v1/embeddings', { input: [9707, 1879] })).length, 64);
    for (const [path, body] of [
      ['/v1/embeddings', { input: 'text' }],
      ['/encode', { text: 'text' }],
      ['/tokenize', { prompt: 'text' }],
    ] as const)
      assert.match((await post(path, body)).message ?? '', /--skip-tokenizer-init$/, path);
  });

  test('gives the dimensions of the override and no others', async () => {
    assert.equal((await post('/v1/embeddings', { input: [9707], dimensions: 32 })).length, 32);
    const { status, message } = await post('/v1/embeddings', { input: [9707], dimensions: 40 });
    assert.deepEqual([status, message], [400, 'dimensions may be 32, 64 on this server, not 40']);
  });

  test('has the context of the override', async () => {
    const { message } = await post('/v1/embeddings', { input: new Array<number>(64).fill(9707) });
    assert.equal(message, 'input 0 has 65 tokens, the limit is 64');
  });

  test('counts requests by the label that their sender says', async () => {
    await post('/v1/embeddings', { input: [9707] }, { 'x-custom-labels': '{"team": "search"}' });
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    assert.match(metrics, /^sglang:num_requests_total\{team="search",.*\} 1$/m);
  });
});

test('files that are not what the list says stop the start with the file', async () => {
  writeSums((sha256) => sha256.replaceAll(/[0-9]/g, 'a'));
  const { code, stderr } = await runCli(['launch', ...FLAGS], { env: HOME });
  assert.equal(code, 4);
  assert.match(
    stderr,
    /error: .*config\.json: its digest is [0-9a-f]{16}…, .*checksums\.json says [a-f]{16}…/,
  );
});

test("another tokenizer than the model's own stops the start", async () => {
  const { code, stderr } = await runCli(['launch', ...FLAGS, '--tokenizer-path', makeTemporaryFolder()]);
  assert.equal(code, 2);
  assert.match(stderr, /vectors need the tokenizer of their model/);
});
