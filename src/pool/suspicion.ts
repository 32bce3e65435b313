// Who is to blame when a worker dies with requests in it: pure decisions.
// Everything in flight is tried once more. When the process fell by itself, its requests become suspects: each
// next runs alone on a worker, so that a second death has one cause and the innocent are never punished.

export interface Death {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  /** Where the pool killed it. */
  offence?: Offence;
}

/** What a worker did for which it was killed. */
export interface Offence {
  kind: 'hang' | 'broken connection';
  problem: string;
}

export interface Involvement {
  /** Workers that died with this request in them. */
  deaths: number;
  /** It ran alone. */
  suspect: boolean;
  /** How long the worker that has died had it. */
  heldMs: number;
}

/** `bystander`: as if it had not been there. */
export type Verdict = 'bystander' | 'resend' | 'suspect' | 'guilty';

/** No request exhausts memory in so little time; when all workers are killed at once, it falls from one to the next. */
const BYSTANDER_MS = 250;
/** Deaths that a suspect may have behind it when its worker is killed from outside, which may have been chance. */
const MOST_DEATHS_BY_CHANCE = 1;

/** What becomes of a request that was in flight in a worker that died. */
export function judge({ deaths, suspect, heldMs }: Involvement, death: Death): Verdict {
  const isOutside = wasKilledFromOutside(death);
  if (isOutside && heldMs < BYSTANDER_MS) return 'bystander';
  if (suspect) return isOutside && deaths <= MOST_DEATHS_BY_CHANCE ? 'suspect' : 'guilty';
  return isOutside && deaths === 0 ? 'resend' : 'suspect';
}

// A native abort is SIGABRT, SIGSEGV, SIGILL or an exit code; SIGKILL comes from an operator or the kernel's memory
// killer. A request that exhausts memory is caught on its third death.
function wasKilledFromOutside({ signal, offence }: Death): boolean {
  return offence === undefined && signal === 'SIGKILL';
}

const OFFENCES: Record<Offence['kind'], string> = { hang: 'hung', 'broken connection': 'broke a connection' };

export function renderDeath({ exitCode, signal, offence }: Death): string {
  if (offence !== undefined) return `${OFFENCES[offence.kind]} and was killed: ${offence.problem}`;
  return signal === null ? `exited with code ${String(exitCode)}` : `was killed by ${signal}`;
}
