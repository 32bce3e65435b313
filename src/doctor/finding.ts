// What a check is given and what it says. Pure.
import type { Settings } from '../config/options.ts';

/** What is looked at: the launch that these settings would make, in this environment. */
export interface Patient {
  settings: Settings<'doctor'>;
  env: NodeJS.ProcessEnv;
}

export interface Finding {
  /** warning: works, with a limit. problem: will not work. */
  state: 'ok' | 'warning' | 'problem' | 'not checked';
  /** What is there, in words. */
  found: string;
  /** One action for the reader; null = none is needed. */
  advice: string | null;
}

export const ok = (found: string): Finding => ({ state: 'ok', found, advice: null });
export const warning = (found: string, advice: string): Finding => ({ state: 'warning', found, advice });
export const problem = (found: string, advice: string): Finding => ({ state: 'problem', found, advice });
export const notChecked = (found: string): Finding => ({ state: 'not checked', found, advice: null });
