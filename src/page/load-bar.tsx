// What the server does at the moment, for all its clients: rates, requests in work and waiting, the last two minutes.

import { formatRate } from './format.ts';
import type { Load } from './load.ts';
import type { LiveLoad } from './use-load.ts';

const IDLE: Load = { running: 0, queued: 0, textsPerSecond: 0, tokensPerSecond: 0 };

export function LoadBar({ live }: { live: LiveLoad | null }) {
  if (live === null) return <p class="load quiet">load: not told</p>;
  const { running, queued, textsPerSecond, tokensPerSecond } = live.loads.at(-1) ?? IDLE;
  const facts: [name: string, value: string][] = [
    ['texts/s', formatRate(textsPerSecond)],
    ['tokens/s', formatRate(tokensPerSecond)],
    ['in work', String(running)],
    ['waiting', String(queued)],
  ];
  return (
    <div class="load">
      <span class={live.status === 'ready' ? 'status ready' : 'status'}>{live.status}</span>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Sparkline values={live.loads.map((load) => load.tokensPerSecond)} />
    </div>
  );
}

const WIDTH = 96;
const HEIGHT = 24;

function Sparkline({ values }: { values: readonly number[] }) {
  const most = Math.max(1, ...values);
  const step = WIDTH / Math.max(1, values.length - 1);
  const points = values.map(
    (value, index) =>
      `${(index * step).toFixed(1)},${(HEIGHT - 1 - (value / most) * (HEIGHT - 2)).toFixed(1)}`,
  );
  return (
    <svg class="spark" viewBox={`0 0 ${String(WIDTH)} ${String(HEIGHT)}`} aria-hidden="true">
      <polyline points={points.join(' ')} />
    </svg>
  );
}
