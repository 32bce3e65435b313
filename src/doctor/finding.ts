// How checks word their findings. Pure.
import type { Finding } from './checks.ts';

export const ok = (found: string): Finding => ({ state: 'ok', found, advice: null });
export const warning = (found: string, advice: string): Finding => ({ state: 'warning', found, advice });
export const problem = (found: string, advice: string): Finding => ({ state: 'problem', found, advice });
export const notChecked = (found: string): Finding => ({ state: 'not checked', found, advice: null });

export const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
