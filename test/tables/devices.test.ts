// The memory that docs/devices.md promises against the plan itself: formulas change, and a page would not notice.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { totalOf } from '../../src/launch/memory-budget.ts';
import { firstAttempt, outline, withCuda } from '../unit/launch/plan-question.ts';

const PAGE = readFileSync(fileURLToPath(new URL('../../../docs/devices.md', import.meta.url)), 'utf8');
const SIZES = ['0.6B', '4B', '8B'] as const;

/** The cells of a row of the table of figures, which begins with `title`. */
function cellsOf(title: string): string[] {
  const [, table = ''] = PAGE.split('In bf16, GB, as planned');
  const row = table.split('\n').find((line) => line.startsWith(`| ${title} `)) ?? '';
  return row
    .split('|')
    .slice(2, -1)
    .map((cell) => cell.trim());
}

test("the table of a worker's memory is what the plan says with nothing given", () => {
  const attempts = (['cuda', 'cpu'] as const).flatMap((device) =>
    SIZES.map((size) => {
      const memory = { totalBytes: 200e9, freeBytes: 200e9 };
      return firstAttempt({
        settings: { device },
        machine: { memory, ...withCuda(1) },
        model: outline(size),
      });
    }),
  );
  const figures = attempts.map(({ memory, workers }) => {
    const engine = workers[0]?.engine;
    const bytes = memory.gpu ?? memory.system;
    const lanes = `${String(engine?.lanes)} x ${engine?.batchTokens.toLocaleString('en-US') ?? ''}`;
    const parts = Object.entries(bytes).map(([purpose, size]) => [purpose, (size / 1e9).toFixed(2)]);
    return new Map([
      ...(parts as [string, string][]),
      ['lanes x batch tokens', lanes],
      ['together', (totalOf(bytes) / 1e9).toFixed(1)],
    ]);
  });
  for (const title of figures[0]?.keys() ?? [])
    assert.deepEqual(
      cellsOf(title),
      figures.map((figure) => figure.get(title)),
      title,
    );
});
