// The small model that ships with the package, and when it is served: where no other is named. Made by
// scripts/train-nano; models/README.md says what it can do.
import { fileURLToPath } from 'node:url';

/** A model to serve: where it lies, what clients call it, what to say of it at start. */
export interface ChosenModel {
  path: string;
  name: string;
  notice: string | null;
}

export const SHIPPED_MODEL = {
  path: fileURLToPath(new URL('../../../models/qwen-embed-nano.gguf', import.meta.url)),
  name: 'qwen-embed-nano',
  notice: 'qwen-embed-nano: a demo model; for real work: --model-path Qwen/Qwen3-Embedding-0.6B',
} as const satisfies ChosenModel;

export function chooseModel(modelPath: string | null): ChosenModel {
  return modelPath === null ? SHIPPED_MODEL : { path: modelPath, name: modelPath, notice: null };
}
