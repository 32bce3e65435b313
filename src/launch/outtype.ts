// Owns the type of weights that a checkpoint is converted to where --outtype says auto. Pure.
import type { Settings } from '../config/options.ts';
import { planBackends } from './candidates.ts';
import type { Host } from './machine.ts';

const DTYPE_WEIGHTS = {
  half: 'f16',
  float16: 'f16',
  bfloat16: 'bf16',
  float: 'f32',
  float32: 'f32',
} as const;

/**
 * The fastest type that keeps a cosine of 0.999 to float32: bf16 on GPUs and on processors with AVX-512 BF16
 * (docs/performance.md, "Which weights where" and "GPU"); q8_0 on other processors, which must widen bf16 first.
 */
export function planOuttype(
  { outtype, dtype, device }: Pick<Settings<'launch'>, 'outtype' | 'dtype' | 'device'>,
  host: Host,
): { outtype: Exclude<Settings<'launch'>['outtype'], 'auto'>; reason: string } {
  if (outtype !== 'auto') return { outtype, reason: 'as --outtype says' };
  if (dtype !== 'auto') return { outtype: DTYPE_WEIGHTS[dtype], reason: `as --dtype ${dtype} says` };
  const [{ backend }] = planBackends(device, host);
  if (backend !== 'cpu') return { outtype: 'bf16', reason: 'fastest on GPUs' };
  return host.hasFastBf16
    ? { outtype: 'bf16', reason: 'fastest on this processor, which has AVX-512 BF16' }
    : { outtype: 'q8_0', reason: 'fastest on this processor, which has no AVX-512 BF16' };
}
