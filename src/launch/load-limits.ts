// Owns the way from launch settings to how much load the pool lets in and how long it waits for a worker. Pure.
import type { Settings } from '../config/options.ts';
import type { PoolOptions } from '../pool/pool-options.ts';

export type LoadSettings = Pick<
  Settings<'launch'>,
  'maxQueuedRequests' | 'maxInflightTokens' | 'obeysPriority' | 'watchdogTimeoutSeconds'
>;

export type LoadLimits = Required<Pick<PoolOptions, 'admission' | 'restartLimits'>>;

export function planLoadLimits({
  maxQueuedRequests,
  maxInflightTokens,
  obeysPriority,
  watchdogTimeoutSeconds,
}: LoadSettings): LoadLimits {
  return {
    admission: {
      queuedRequests: maxQueuedRequests ?? Infinity,
      openTokens: maxInflightTokens ?? Infinity,
      displaces: obeysPriority,
    },
    restartLimits: { silenceTimeoutMs: planHangTimeout(watchdogTimeoutSeconds) ?? Infinity },
  };
}

/** How long a usual decode may take; null = for ever. */
export function planHangTimeout(watchdogTimeoutSeconds: number): number | null {
  return watchdogTimeoutSeconds === 0 ? null : 1000 * watchdogTimeoutSeconds;
}
