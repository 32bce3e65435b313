// Owns the way from launch settings to how much load the pool lets in and how long it waits for a worker. Pure.
import type { Settings } from '../config/options.ts';
import type { PoolOptions } from '../pool/pool-options.ts';

export type LoadSettings = Pick<Settings<'launch'>, 'maxQueuedRequests' | 'maxInflightTokens'>;

export type LoadLimits = Required<Pick<PoolOptions, 'admission'>>;

export function planLoadLimits({ maxQueuedRequests, maxInflightTokens }: LoadSettings): LoadLimits {
  return {
    admission: {
      queuedRequests: maxQueuedRequests ?? Infinity,
      openTokens: maxInflightTokens ?? Infinity,
    },
  };
}
