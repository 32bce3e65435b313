// THE table of doctor's checks, in the order in which they are shown: what is looked at and by whom.
// A check finds out and says; it changes nothing on this machine and never throws.
import { checkCache, checkDisk } from './check-cache.ts';
import { checkDecode, checkLibraries } from './check-decode.ts';
import { checkHub } from './check-hub.ts';
import { checkMemory, checkNode, checkPort } from './check-host.ts';
import type { Finding, Patient } from './finding.ts';

const CHECKS: Readonly<Record<string, (patient: Patient) => Finding | Promise<Finding>>> = {
  node: checkNode,
  memory: checkMemory,
  libraries: checkLibraries,
  decode: (patient) => checkDecode(patient),
  cache: checkCache,
  disk: checkDisk,
  hub: checkHub,
  port: checkPort,
};

export interface Examined extends Finding {
  check: string;
}

/** All checks, one after another: each sees the machine as it is without the others. */
export async function examine(patient: Patient, onStep: (check: string) => void): Promise<Examined[]> {
  const examined: Examined[] = [];
  for (const [check, look] of Object.entries(CHECKS)) {
    onStep(check);
    try {
      examined.push({ check, ...(await look(patient)) });
    } catch (error) {
      examined.push({ check, state: 'problem', found: String(error), advice: 'please report it' });
    }
  }
  return examined;
}
