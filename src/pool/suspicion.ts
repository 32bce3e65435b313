// Who is to blame when a worker dies with requests in it: pure decisions.
// Everything in flight is tried once more. When the process fell by itself, its requests become suspects: each
// next runs alone on a worker, so that a second death has one cause and the innocent are never punished.

export interface Death {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  /** What hung, where the worker was killed for it. */
  hang?: string;
}

export interface Involvement {
  /** Workers that died with this request in them. */
  deaths: number;
  /** It ran alone. */
  suspect: boolean;
}

export type Verdict = 'resend' | 'suspect' | 'guilty';

/** What becomes of a request that was in flight in a worker that died. */
export function judge(request: Involvement, death: Death): Verdict {
  if (request.suspect) return 'guilty';
  return request.deaths === 0 && wasKilledFromOutside(death) ? 'resend' : 'suspect';
}

// A native abort is SIGABRT, SIGSEGV, SIGILL or an exit code; these two come from an operator or the kernel's
// memory killer. A request that exhausts memory is caught on its second death.
function wasKilledFromOutside({ signal, hang }: Death): boolean {
  return hang === undefined && (signal === 'SIGKILL' || signal === 'SIGTERM');
}

export function renderDeath({ exitCode, signal, hang }: Death): string {
  if (hang !== undefined) return `hung and was killed: ${hang}`;
  return signal === null ? `exited with code ${String(exitCode)}` : `was killed by ${signal}`;
}
