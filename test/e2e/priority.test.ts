import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launchServer } from '../fixtures/run-cli.ts';
import { fixtureFile } from '../fixtures/tiny-model.ts';

const TEXTS = 400;

/** Bulk calls of these priorities, sent one after the other; the order in which they are answered. */
async function orderOf(url: string, priorities: readonly (number | null)[]): Promise<(number | null)[]> {
  const order: (number | null)[] = [];
  const send = async (priority: number | null): Promise<void> => {
    const input = Array.from({ length: TEXTS }, (_, n) => `of ${String(priority)}: text number ${String(n)}`);
    const response = await fetch(`${url}/v1/embeddings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ input, priority, encoding_format: 'base64' }),
    });
    assert.equal(response.status, 200);
    await response.arrayBuffer();
    order.push(priority);
  };
  await Promise.all(priorities.map(send));
  return order;
}

for (const [more, order] of [
  [[], [5, 1, null]],
  [['--schedule-low-priority-values-first'], [1, 5, null]],
  [
    ['--default-priority-value', '9'],
    [null, 5, 1],
  ],
] as const)
  test(`with --enable-priority-scheduling ${more.join(' ')} those that wait are answered in the order ${JSON.stringify(order)}`, async () => {
    const args = ['--device', 'cpu', '--port', '0', '--enable-priority-scheduling', ...more];
    const server = await launchServer(['--model-path', await fixtureFile('f32'), ...args]);
    try {
      const sent = [...order].reverse();
      assert.deepEqual(await orderOf(server.url, sent), [...order]);
    } finally {
      await server.end();
    }
  });
