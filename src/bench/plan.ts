// From settings to what will be run: legs, each a loop with its limits. Pure; conflicts between options end here.
// Everything is bounded, in texts and in time, whatever the user leaves out.
import type { Settings } from '../config/options.ts';
import { Fault } from '../faults.ts';

type Loop =
  /** Each client sends, waits for the answer, sends again. */
  | { kind: 'closed'; clients: number }
  /** Requests arrive at random times, `perSecond` on average, whether the server keeps up or not. */
  | { kind: 'open'; perSecond: number };

export interface Leg {
  title: string;
  loop: Loop;
  batchSize: number;
  /** What the user asked for; null if only time was given. */
  wantedTexts: number | null;
  /** Of one round; whichever comes first ends it. */
  textLimit: number;
  timeLimitMs: number;
  rounds: number;
  /** Requests before the clock of the first round starts. */
  warmUpRequests: number;
}

export type LoadSettings = Pick<
  Settings<'bench'>,
  'clients' | 'rate' | 'batchSize' | 'texts' | 'durationSeconds' | 'repeat' | 'warmUp' | 'preset' | 'compare'
>;

const DEFAULT_SECONDS = 10;
/** Where only a number of texts is given. */
const LONGEST_SECONDS = 3600;
/** Where only a time is given; memory for their latencies is the reason for a limit. */
const MOST_TEXTS = 10_000_000;
const OPEN_WARM_UP = 8;
const CLASSIC_TEXTS = 100_000;

export function planLegs(settings: LoadSettings): Leg[] {
  if (settings.preset === 'classic') return planClassic(settings);
  const { rate } = settings;
  if (rate !== null && settings.clients !== null)
    throw new Fault('BAD_OPTION', {
      option: '--rate',
      problem: 'has no place beside --clients',
      hint: 'give --rate for an open loop or --clients for a closed one',
    });
  const loop: Loop =
    rate === null ? { kind: 'closed', clients: settings.clients ?? 16 } : { kind: 'open', perSecond: rate };
  return [planLeg(settings, { loop, batchSize: settings.batchSize ?? 1 })];
}

/** The test that embedding servers have been compared by: all texts singly, in large batches, and 16 at a time. */
function planClassic(settings: LoadSettings): Leg[] {
  const fixed = {
    '--rate': settings.rate,
    '--clients': settings.clients,
    '--batch-size': settings.batchSize,
  };
  for (const [option, value] of Object.entries(fixed)) {
    if (value === null) continue;
    const hint = 'leave it out, or leave out --preset';
    throw new Fault('BAD_OPTION', { option, problem: 'has no place beside --preset classic', hint });
  }
  const texts = settings.texts ?? CLASSIC_TEXTS;
  const plan = (title: string, clients: number, batchSize: number): Leg => ({
    ...planLeg({ ...settings, texts }, { loop: { kind: 'closed', clients }, batchSize }),
    title,
  });
  return [plan('single calls', 1, 1), plan('batches of 2,048', 1, 2048), plan('16 in flight', 16, 1)];
}

function planLeg(settings: LoadSettings, { loop, batchSize }: Pick<Leg, 'loop' | 'batchSize'>): Leg {
  const { texts, durationSeconds, preset, compare } = settings;
  const seconds = durationSeconds ?? (texts === null ? DEFAULT_SECONDS : LONGEST_SECONDS);
  return {
    title: renderLoop(loop, batchSize),
    loop,
    batchSize,
    wantedTexts: texts,
    textLimit: texts ?? MOST_TEXTS,
    timeLimitMs: 1000 * seconds,
    rounds: settings.repeat ?? (preset === null ? (compare === null ? 3 : 5) : 1),
    warmUpRequests: settings.warmUp ?? (loop.kind === 'closed' ? loop.clients : OPEN_WARM_UP),
  };
}

function renderLoop(loop: Loop, batchSize: number): string {
  const batches = batchSize === 1 ? 'single texts' : `batches of ${batchSize.toLocaleString('en-US')}`;
  return loop.kind === 'closed'
    ? `closed loop, ${String(loop.clients)} client${loop.clients === 1 ? '' : 's'}, ${batches}`
    : `open loop, ${String(loop.perSecond)} requests/s, ${batches}`;
}
