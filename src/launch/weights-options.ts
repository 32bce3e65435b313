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
    refuse('--dtype', settings.dtype === 'auto' ? null : settings.dtype, named.path);
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

function refuse(option: string, value: string | null, path: string): void {
  if (value === null) return;
  throw new Fault('BAD_OPTION', {
    option: `${option} ${value}`,
    problem: `the weights in ${path} have their type already`,
    hint: 'leave it out, or give the Hugging Face folder instead of the .gguf file',
  });
}
