// Converting checkpoints and keeping what was converted.
import type { OwnRow } from '../rows.ts';

export const CONVERSION = {
  outtype: {
    flag: 'outtype',
    kind: 'choice',
    choices: ['auto', 'f32', 'f16', 'bf16', 'q8_0'],
    default: 'auto',
    on: ['launch', 'convert', 'embed'],
    doc: 'type of the converted weights; auto: launch picks, convert keeps f16 or bf16',
  },
  dtype: {
    flag: 'dtype',
    kind: 'choice',
    choices: ['auto', 'half', 'float16', 'bfloat16', 'float', 'float32'],
    default: 'auto',
    on: ['launch'],
    rare: true,
    doc: "SGLang's name for --outtype f16, bf16 or f32",
  },
  outfile: {
    flag: 'outfile',
    kind: 'text',
    value: 'FILE',
    default: null,
    on: ['convert'],
    doc: "file to write, {outtype} filled in; default: the model's name, in its folder",
  },
  modelName: {
    flag: 'model-name',
    kind: 'text',
    value: 'NAME',
    default: null,
    on: ['convert'],
    doc: 'general.name in the file; default: from the model card or the folder',
  },
  cacheFolder: {
    flag: 'cache-folder',
    kind: 'text',
    value: 'FOLDER',
    default: null,
    on: ['launch', 'embed', 'download', 'list', 'remove'],
    doc: "where converted models are kept; default: the user's cache folder",
  },
} as const satisfies Record<string, OwnRow>;
