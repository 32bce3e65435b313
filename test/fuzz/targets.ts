// The table of what is fuzzed.
import { openBodies } from './bodies.ts';
import { openCommandLine, openConfigFile } from './command-line.ts';
import { openGguf } from './gguf.ts';
import { openModelFolder, openTokenizer } from './model-folder.ts';
import { openSafetensors } from './safetensors.ts';
import type { OpenTarget } from './target.ts';

/** `share`: of a hundred inputs, how many are this target's. */
export const TARGETS = {
  bodies: { reads: 'HTTP bodies', share: 25, open: openBodies },
  safetensors: { reads: '.safetensors files', share: 30, open: openSafetensors },
  gguf: { reads: '.gguf files', share: 30, open: openGguf },
  tokenizer: { reads: 'tokenizer.json and its configuration', share: 5, open: openTokenizer },
  folder: { reads: 'other files of a model folder', share: 5, open: openModelFolder },
  flags: { reads: 'command lines and environments', share: 3, open: openCommandLine },
  config: { reads: '--config files', share: 2, open: openConfigFile },
} as const satisfies Record<string, { reads: string; share: number; open: OpenTarget }>;

export type TargetName = keyof typeof TARGETS;

export const isTargetName = (name: string): name is TargetName => Object.hasOwn(TARGETS, name);
