// Draws docs/performance/*.svg from the recorded runs in docs/performance/runs.json: `npm run docs:plots`.
// One horizontal bar per row with its median; a thin line from the least to the most of the runs.
import { readFileSync, writeFileSync } from 'node:fs';

interface Bar {
  name: string;
  median: number;
  least: number;
  most: number;
}

export interface Chart {
  file: string;
  title: string;
  unit: string;
  bars: Bar[];
}

const FOLDER = new URL('../../docs/performance/', import.meta.url);
const WIDTH = 860;
const LEFT = 330;
const ROW = 34;
const TOP = 44;

const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

export function renderChart({ title, unit, bars }: Chart): string {
  const most = Math.max(...bars.map((bar) => bar.most));
  const x = (value: number) => (LEFT + (value / most) * (WIDTH - LEFT - 110)).toFixed(1);
  const rows = bars.map((bar, i) => {
    const y = TOP + i * ROW;
    const middle = (y + 11).toFixed(1);
    return [
      `<text x="${String(LEFT - 10)}" y="${String(y + 15)}" text-anchor="end">${escape(bar.name)}</text>`,
      `<rect x="${String(LEFT)}" y="${String(y)}" width="${(Number(x(bar.median)) - LEFT).toFixed(1)}" height="22" rx="3" fill="#4c78a8"/>`,
      `<line x1="${x(bar.least)}" y1="${middle}" x2="${x(bar.most)}" y2="${middle}" stroke="#888" stroke-width="2"/>`,
      `<text x="${(Number(x(bar.most)) + 8).toFixed(1)}" y="${String(y + 15)}">${String(bar.median)} ${escape(unit)}</text>`,
    ].join('\n');
  });
  const height = TOP + bars.length * ROW + 10;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(WIDTH)} ${String(height)}" font-family="system-ui, sans-serif" font-size="13" fill="#777">
<title>${escape(title)}</title>
<text x="10" y="22" font-size="15" font-weight="600">${escape(title)}</text>
${rows.join('\n')}
</svg>
`;
}

if (process.argv.includes('--write')) {
  const { charts } = JSON.parse(readFileSync(new URL('runs.json', FOLDER), 'utf8')) as { charts: Chart[] };
  for (const chart of charts) writeFileSync(new URL(chart.file, FOLDER), renderChart(chart));
}
