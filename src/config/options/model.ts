// Which model is served and what it is called.
import type { OwnRow } from '../rows.ts';

export const MODEL = {
  modelPath: {
    flag: 'model-path',
    aliases: ['model'],
    kind: 'text',
    value: 'PATH_OR_REPO',
    default: null,
    on: ['launch', 'embed'],
    doc: 'folder of a model, .gguf file, or repository: owner/name[@revision][:TYPE]',
  },
  servedModelName: {
    flag: 'served-model-name',
    kind: 'text',
    value: 'NAME',
    default: null,
    on: ['launch'],
    doc: 'model id that the API shows; default: the value of --model-path',
  },
  weightVersion: {
    flag: 'weight-version',
    kind: 'text',
    value: 'TEXT',
    default: 'default',
    on: ['launch'],
    rare: true,
    doc: 'tag of the weights that /model_info and /encode answer',
  },
  preferredSamplingParams: {
    flag: 'preferred-sampling-params',
    kind: 'json',
    holds: 'anything',
    default: null,
    on: ['launch'],
    rare: true,
    doc: 'what /model_info answers under that name; embeddings know no sampling',
  },
  chatTemplate: {
    flag: 'chat-template',
    kind: 'text',
    value: 'FILE',
    default: null,
    on: ['launch'],
    doc: "tokenizer_config.json or .jinja file, for messages; default: the model's own",
  },
} as const satisfies Record<string, OwnRow>;
