// Owns the way from launch settings to how much load the pool lets in and how long it waits for a worker. Pure.
import type { Settings } from '../config/options.ts';
import type { PoolOptions } from '../pool/pool-options.ts';

export type LoadSettings = Pick<
  Settings<'launch'>,
  | 'maxQueuedRequests'
  | 'maxInflightTokens'
  | 'obeysPriority'
  | 'schedulePolicy'
  | 'loadBalance'
  | 'watchdogTimeoutSeconds'
>;

export type LoadLimits = Required<Pick<PoolOptions, 'admission' | 'balance' | 'restartLimits'>>;

export function planLoadLimits(settings: LoadSettings): LoadLimits {
  const { maxQueuedRequests, maxInflightTokens, loadBalance, watchdogTimeoutSeconds } = settings;
  return {
    admission: {
      queuedRequests: maxQueuedRequests ?? Infinity,
      openTokens: maxInflightTokens ?? Infinity,
      displaces: obeysPriorities(settings),
    },
    balance: BALANCE[loadBalance],
    restartLimits: { silenceTimeoutMs: planHangTimeout(watchdogTimeoutSeconds) ?? Infinity },
  };
}

/** Whether what requests say of their priority counts. */
export const obeysPriorities = ({
  obeysPriority,
  schedulePolicy,
}: Pick<LoadSettings, 'obeysPriority' | 'schedulePolicy'>): boolean =>
  obeysPriority || schedulePolicy === 'priority';

const BALANCE: Record<LoadSettings['loadBalance'], LoadLimits['balance']> = {
  auto: 'total_tokens',
  total_tokens: 'total_tokens',
  total_requests: 'total_requests',
  round_robin: 'round_robin',
  follow_bootstrap_room: 'total_tokens',
};

/** How long a usual decode may take; null = for ever. */
export function planHangTimeout(watchdogTimeoutSeconds: number): number | null {
  return watchdogTimeoutSeconds === 0 ? null : 1000 * watchdogTimeoutSeconds;
}
