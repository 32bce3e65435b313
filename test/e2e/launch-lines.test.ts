// The launch lines of SGLang's users, as they wrote them but for the model, each through a server of its own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launchServer } from '../fixtures/run-cli.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { fixtureFolder } from '../fixtures/tiny-model.ts';

const CACHE = makeTemporaryFolder();
const env = { XDG_CACHE_HOME: CACHE, LOCALAPPDATA: CACHE };

const LINES = {
  'embedding flags mixed with tuning for generation':
    '--enable-metrics --trust-remote-code --served-model-name embed --context-length 20480 --mem-fraction-static 0.8 --enable-cache-report --show-time-cost --max-running-requests 64 --chunked-prefill-size 8192 --max-prefill-tokens 16384 --schedule-conservativeness 0.3 --tensor-parallel-size 1 --is-embedding --allow-auto-truncate --enable-torch-compile --torch-compile-max-bs 8 --cuda-graph-max-bs 16',
  'a container with an override of the dimensions':
    '--served-model-name embed --is-embedding --dtype bfloat16 --tp 1 --context-length 8192 --mem-fraction-static 0.40 --max-running-requests 2 --attention-backend triton --json-model-override-args {"is_matryoshka":true} --disable-radix-cache --chunked-prefill-size -1 --cuda-graph-backend-decode disabled --cuda-graph-backend-prefill disabled',
};

for (const [name, line] of Object.entries(LINES)) {
  test(`${name} starts a server that answers vectors`, async () => {
    const server = await launchServer(['--model-path', fixtureFolder(), '--port', '0', ...line.split(' ')], {
      env,
    });
    try {
      const answer = await fetch(`${server.url}/v1/embeddings`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'embed', input: ['a text', 'another'], dimensions: 32 }),
      });
      const { data, model } = (await answer.json()) as { data: { embedding: number[] }[]; model: string };
      assert.deepEqual([data.map(({ embedding }) => embedding.length), model], [[32, 32], 'embed']);
      assert.match(server.stderr(), /^notice: \d+ flags have no effect here: --/m);
    } finally {
      assert.equal(await server.end(), 0);
    }
  });
}
