// What the sizes of a plan do to an engine: how many decodes the same texts take, and which are refused.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { openEngine, type EngineSettings } from '../../src/engine/engine.ts';
import { engineSettings, fixtureFile } from '../fixtures/tiny-model.ts';
import { cosine, vectors } from '../fixtures/vectors.ts';

const LONG = Array.from({ length: 999 }, (_, i) => 1000 + i);

describe('an engine', () => {
  let file: string;
  before(async () => {
    file = await fixtureFile('f32');
  });

  async function batchesOf(changes: Partial<EngineSettings>, inputs: (string | number[])[]): Promise<number> {
    const engine = openEngine(engineSettings(file, { threads: 1, ...changes }));
    await engine.embed(inputs);
    const { batches } = await engine.profile();
    await engine.close();
    return batches;
  }

  test('decodes at most batchTexts texts at once', async () => {
    const texts = Array.from({ length: 12 }, (_, i) => `text ${String(i)}`);
    assert.ok((await batchesOf({}, texts)) <= 2);
    assert.ok((await batchesOf({ batchTexts: 3 }, texts)) >= 4);
  });

  test('decodes a long text in chunks of chunkTokens, or in one piece', async () => {
    assert.equal(await batchesOf({ chunkTokens: 100 }, [LONG]), 10);
    assert.equal(await batchesOf({ chunkTokens: 256 }, [LONG]), 4);
    assert.equal(await batchesOf({ chunkTokens: 32_768 }, [LONG]), 1);
  });

  test('gives a long text the same vector whatever its chunks', async () => {
    const rows = await Promise.all(
      [100, 256, 32_768].map(async (chunkTokens) => {
        const engine = openEngine(engineSettings(file, { threads: 1, chunkTokens }));
        const [row] = await vectors(engine, [LONG]);
        await engine.close();
        return row ?? assert.fail();
      }),
    );
    for (const row of rows) assert.ok(cosine(row, rows[0] ?? []) > 0.9999);
  });

  test('refuses texts beyond contextTokens, and names that as the limit', async () => {
    const engine = openEngine(engineSettings(file, { contextTokens: 500 }));
    assert.equal(engine.model.contextTokens, 500);
    await assert.rejects(engine.embed([LONG]), {
      code: 'INPUT_TOO_LONG',
      message: 'input 0 has 1000 tokens, the limit is 500',
    });
    await engine.close();
  });

  test('cuts texts to contextTokens where it may cut', async () => {
    const engine = openEngine(engineSettings(file, { contextTokens: 500 }));
    const longText = { way: 'cut', tokens: 800, side: 'right' } as const;
    const { tokenCounts } = await engine.embed([LONG], { longText });
    assert.deepEqual([...tokenCounts], [500]);
    await engine.close();
  });
});
