import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkCalls } from '../../src/checked-embedder.ts';
import type { EmbedInput } from '../../src/embedder.ts';
import { FakeEmbedder } from '../fixtures/fake-embedder.ts';

const inner = new FakeEmbedder();
const embedder = checkCalls(inner);
const most = inner.model.dimensions;

test('what is right goes through', async () => {
  const { dimensions } = await embedder.embed(['a', [1, 2]], { dimensions: most });
  assert.equal(dimensions, most);
});

for (const dimensions of [0, -1, 1.5, NaN, most + 1])
  test(`vectors of ${String(dimensions)} values are refused by that number`, async () => {
    const message = `dimensions is ${String(dimensions)}, no integer from 1 to ${String(most)}`;
    await assert.rejects(embedder.embed(['a'], { dimensions }), { code: 'INVALID_REQUEST', message });
  });

for (const [inputs, message] of [
  ['a text', 'the inputs are no array'],
  [undefined, 'the inputs are no array'],
  [['a', 5], 'input 1 is neither a text nor an array of token ids'],
  [[null], 'input 0 is neither a text nor an array of token ids'],
] as const)
  test(`${JSON.stringify(inputs)} in place of inputs is refused in words`, async () => {
    const call = embedder.embed(inputs as unknown as EmbedInput[]);
    await assert.rejects(call, { code: 'INVALID_REQUEST', message });
  });
