// Owns what --dtype and --quantization mean for the model that they are given with: a folder is converted to a type, a
// .gguf file has the one that it has, of a repository one is chosen later. Pure.
import type { Settings } from '../config/options.ts';
import { Fault } from '../faults.ts';
import type { ModelReference } from '../models/reference.ts';

/** SGLang's words for weights that are as the files have them. */
const AS_IT_IS = ['gguf', 'unquant'];
const OUTTYPES = ['f32', 'f16', 'bf16', 'q8_0'] as const;

/** The settings with --quantization read as --outtype where a folder is converted. Faults: BAD_OPTION. */
export function settleWeights(settings: Settings<'launch'>, named: ModelReference): Settings<'launch'> {
  const asked = settings.quantization?.toLowerCase() ?? 'unquant';
  const quantization = AS_IT_IS.includes(asked) ? null : asked;
  if (named.kind === 'hub') return { ...settings, quantization };
  if (named.kind === 'gguf') {
    refuse('--quantization', quantization, named.path);
    return settings;
  }
  if (quantization === null) return { ...settings, quantization };
  const outtype = OUTTYPES.find((type) => type === quantization);
  if (outtype === undefined || ![outtype, 'auto'].includes(settings.outtype))
    throw new Fault('BAD_OPTION', {
      option: `--quantization ${quantization}`,
      problem:
        outtype === undefined
          ? `a folder is converted to one of ${OUTTYPES.join(', ')}`
          : `--outtype says ${settings.outtype}`,
      hint: 'leave it out: --outtype auto picks what suits the device',
    });
  return { ...settings, quantization: null, outtype };
}

const WIDE = ['float', 'float32'];

/**
 * What is served of a .gguf file, as a sentence. Half precision is what its arithmetic has, whatever the type of its
 * weights; full precision is only in a file that has it. Fault: BAD_OPTION.
 */
export function tellFileWeights(
  { dtype }: Pick<Settings<'launch'>, 'dtype'>,
  { path, type }: { path: string; type: string },
): string {
  if (WIDE.includes(dtype) && type !== 'F32') refuse('--dtype', dtype, `${path} (${type})`);
  const asked = dtype === 'auto' ? '' : `; --dtype ${dtype} changes nothing`;
  return `weights: ${type}, as the file has them${asked}`;
}

function refuse(option: string, value: string | null, path: string): void {
  if (value === null) return;
  throw new Fault('BAD_OPTION', {
    option: `${option} ${value}`,
    problem: `the weights in ${path} have their type already`,
    hint: 'leave it out, or give the Hugging Face folder instead of the .gguf file',
  });
}
