import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { SHIPPED_MODEL } from '../../src/models/shipped-model.ts';
import { openCpuEngine } from '../../scripts/measured-engine.ts';
import { QUERY, RANKED } from '../../scripts/train-nano/ranked.ts';
import type { Embedder } from '../../src/embedder.ts';
import { launchServer } from '../fixtures/run-cli.ts';
import { cosine, vectors } from '../fixtures/vectors.ts';

describe('the model that ships', () => {
  let engine: Embedder;
  before(() => {
    engine = openCpuEngine(SHIPPED_MODEL.path);
  });
  after(() => engine.close());

  for (const texts of RANKED) {
    const [first, near, far] = texts.map((text) => text.replace(QUERY, ''));
    test(`puts "${first ?? ''}" nearer to "${near ?? ''}" than to "${far ?? ''}"`, async () => {
      const [a, b, c] = await vectors(engine, texts);
      assert.ok(a !== undefined && b !== undefined && c !== undefined);
      assert.ok(cosine(a, b) > cosine(a, c), `${cosine(a, b).toFixed(3)} against ${cosine(a, c).toFixed(3)}`);
    });
  }

  test('gives the same bits for the same texts each time', async () => {
    const texts = RANKED.flat();
    assert.deepEqual(await vectors(engine, texts), await vectors(engine, texts));
  });

  test('fits into 12 MB', () => {
    assert.ok(statSync(SHIPPED_MODEL.path).size <= 12_000_000);
  });
});

test('launch without --model-path serves the model that ships and says what it is', async () => {
  const server = await launchServer(['--port', '0', '--device', 'cpu']);
  try {
    assert.match(server.readyLine, /qwen-embed-nano/);
    assert.match(server.stderr(), /a demo model; for real work: --model-path Qwen\/Qwen3-Embedding-0\.6B/);
    const models = (await (await fetch(`${server.url}/v1/models`)).json()) as { data: { id: string }[] };
    assert.deepEqual(
      models.data.map(({ id }) => id),
      ['qwen-embed-nano'],
    );
  } finally {
    await server.end();
  }
});
