// Owns what a .gguf says of YaRN and llama.cpp (v0.5.0) does not read from it: how far positions are blended, and the
// factor on queries and keys. Both have a second way in, which this file finds; the scaling itself llama.cpp reads.
import type { GgufMetadata } from '../convert/gguf.ts';

/** The fields of llama.cpp's context parameters; those that are not given stay at its defaults. */
type YarnRange = Partial<Record<'yarn_beta_fast' | 'yarn_beta_slow', number>>;

const valueOf = (metadata: GgufMetadata, key: string): unknown =>
  metadata.get(`qwen3.rope.scaling.${key}`)?.value;

export function readYarnRange(metadata: GgufMetadata): YarnRange {
  const range: YarnRange = {};
  for (const name of ['yarn_beta_fast', 'yarn_beta_slow'] as const) {
    const value = valueOf(metadata, name);
    if (typeof value === 'number') range[name] = value;
  }
  return range;
}

/**
 * What `rope.scaling.attn_factor`, which llama.cpp multiplies its own 0.1 ln(factor) + 1 by, must be for the file's
 * factor to come out; null where the file names none.
 */
export function planAttentionFactor(metadata: GgufMetadata): number | null {
  const wished = valueOf(metadata, 'yarn_attn_factor');
  if (typeof wished !== 'number' || valueOf(metadata, 'type') !== 'yarn') return null;
  const factor = valueOf(metadata, 'factor');
  return wished / (typeof factor === 'number' && factor > 1 ? 0.1 * Math.log(factor) + 1 : 1);
}
