// Owns the shapes of the Qwen3-Embedding models, as data: what a smaller one would take, and what benchmarks imitate.
import type { ModelShape } from '../engine/model-file.ts';

export interface FamilyMember {
  name: string;
  shape: ModelShape & { vocabulary: number };
  contextTokens: number;
}

/** Smallest first; numbers from each model's config.json. */
export const FAMILY: readonly [FamilyMember, ...FamilyMember[]] = [
  {
    name: 'Qwen3-Embedding-0.6B',
    shape: { layers: 28, hidden: 1024, ffn: 3072, heads: 16, kvHeads: 8, headDim: 128, vocabulary: 151_669 },
    contextTokens: 32_768,
  },
  {
    name: 'Qwen3-Embedding-4B',
    shape: { layers: 36, hidden: 2560, ffn: 9728, heads: 32, kvHeads: 8, headDim: 128, vocabulary: 151_665 },
    contextTokens: 40_960,
  },
  {
    name: 'Qwen3-Embedding-8B',
    shape: {
      layers: 36,
      hidden: 4096,
      ffn: 12_288,
      heads: 32,
      kvHeads: 8,
      headDim: 128,
      vocabulary: 151_665,
    },
    contextTokens: 40_960,
  },
];
