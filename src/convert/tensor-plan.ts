// Which tensor of a checkpoint becomes which tensor of the GGUF file, in which type. Checks that the checkpoint is whole:
// every tensor known, of the shape that config.json implies, and none missing.
// Pure: decides from names, types and shapes; never sees the numbers.

import { Fault } from '../faults.ts';
import type { GgufTensorShape } from './gguf.ts';
import { Q8_BLOCK_ELEMENTS, SOURCE_BYTES, type SourceType, type TargetType } from './kernels.ts';
import {
  IGNORED_PARTS,
  IGNORED_PREFIXES,
  IGNORED_SUFFIXES,
  LAYER_TENSORS,
  TOP_TENSORS,
  type Hyperparameters,
} from './qwen3.ts';
import type { SafeTensor } from './safetensors.ts';

/** A type that every matrix of the file gets. */
export type Outtype = 'f32' | 'f16' | 'bf16' | 'q8_0';

const TARGET_OF: Record<Outtype, TargetType> = { f32: 'F32', f16: 'F16', bf16: 'BF16', q8_0: 'Q8_0' };

export interface PlannedTensor extends GgufTensorShape {
  type: TargetType;
  sourceType: SourceType;
  source: SafeTensor;
}

interface Checkpoint {
  modelFolder: string;
  tensors: readonly SafeTensor[];
  hyperparameters: Hyperparameters;
  onWarning: (message: string) => void;
}

/** The type that `auto` means: that of the first matrix in BF16 or F16. A pure F32 checkpoint becomes f16, as in llama.cpp. */
export function detectOuttype({ tensors, onWarning }: Pick<Checkpoint, 'tensors' | 'onWarning'>): Outtype {
  const decisive = tensors.find(
    ({ dtype, shape }) => shape.length >= 2 && (dtype === 'BF16' || dtype === 'F16'),
  );
  if (decisive !== undefined) return decisive.dtype === 'BF16' ? 'bf16' : 'f16';
  onWarning('the weights are F32 and --outtype auto makes f16 of them, which loses precision; f32 keeps it');
  return 'f16';
}

/** Tensors in the order of the file. Faults: MODEL_UNSUPPORTED, WEIGHTS_CORRUPT. */
export function planTensors(checkpoint: Checkpoint, outtype: Outtype): PlannedTensor[] {
  const planned = new Map<string, PlannedTensor>();
  for (const tensor of checkpoint.tensors) {
    if (isIgnored(tensor.name)) continue;
    const mapped = planTensor(checkpoint, { tensor, outtype });
    if (planned.has(mapped.name))
      throw unsupported(
        checkpoint,
        `two tensors become ${mapped.name}: ${JSON.stringify(tensor.name)} is one`,
      );
    planned.set(mapped.name, mapped);
  }
  checkComplete(checkpoint, planned);
  return [...planned.values()];
}

function isIgnored(name: string): boolean {
  return (
    IGNORED_SUFFIXES.some((suffix) => name.endsWith(suffix)) ||
    IGNORED_PREFIXES.some((prefix) => name.startsWith(prefix)) ||
    IGNORED_PARTS.test(name)
  );
}

function planTensor(
  checkpoint: Checkpoint,
  { tensor, outtype }: { tensor: SafeTensor; outtype: Outtype },
): PlannedTensor {
  const { name, expectedShape } = mapTensor(checkpoint, tensor);
  if (!Object.hasOwn(SOURCE_BYTES, tensor.dtype))
    throw unsupported(
      checkpoint,
      `tensor ${JSON.stringify(tensor.name)} is ${tensor.dtype}; BF16, F16 and F32 are supported`,
    );
  if (tensor.shape.join() !== expectedShape.join())
    throw new Fault('WEIGHTS_CORRUPT', {
      path: tensor.path,
      problem: `tensor ${JSON.stringify(tensor.name)} is ${tensor.shape.join(' x ')}, config.json says ${expectedShape.join(' x ')}`,
    });
  const shape = tensor.shape.toReversed();
  const type = targetType(name, { shape, outtype });
  if (outtype === 'q8_0' && type === 'F16')
    checkpoint.onWarning(
      `${name} becomes F16: its rows do not divide into blocks of ${String(Q8_BLOCK_ELEMENTS)}`,
    );
  return { name, shape, type, sourceType: tensor.dtype as SourceType, source: tensor };
}

function mapTensor(checkpoint: Checkpoint, { name }: SafeTensor): { name: string; expectedShape: number[] } {
  const { hyperparameters } = checkpoint;
  const match = /^(?:model\.)?(?:layers\.(0|[1-9]\d*)\.)?(.+)\.(weight|bias)$/.exec(
    name.replaceAll('language_model.', ''),
  );
  const [, layer, base = '', suffix = ''] = match ?? [];
  const rule = (layer === undefined ? TOP_TENSORS : LAYER_TENSORS).get(base);
  const isForeign = rule === undefined || (suffix === 'bias' && rule.bias !== true);
  if (isForeign || Number(layer ?? 0) >= hyperparameters.layers)
    throw unsupported(checkpoint, `tensor ${JSON.stringify(name)} is not part of a Qwen3 model`);
  const shape = rule.shape(hyperparameters);
  return {
    name: `${layer === undefined ? '' : `blk.${layer}.`}${rule.name}.${suffix}`,
    expectedShape: suffix === 'bias' ? shape.slice(0, 1) : shape,
  };
}

function targetType(
  name: string,
  { shape, outtype }: { shape: readonly number[]; outtype: Outtype },
): TargetType {
  if (shape.length <= 1 || name.endsWith('_norm.weight') || !name.endsWith('.weight')) return 'F32';
  if (outtype === 'q8_0' && (shape[0] ?? 0) % Q8_BLOCK_ELEMENTS !== 0) return 'F16';
  return TARGET_OF[outtype];
}

function checkComplete(checkpoint: Checkpoint, planned: ReadonlyMap<string, PlannedTensor>): void {
  const need = (name: string): void => {
    if (planned.has(`${name}.weight`)) return;
    throw new Fault('WEIGHTS_CORRUPT', {
      path: checkpoint.modelFolder,
      problem: `the weights of ${name} are missing`,
    });
  };
  for (const { name, optional } of TOP_TENSORS.values()) if (optional !== true) need(name);
  for (let layer = 0; layer < checkpoint.hyperparameters.layers; layer++)
    for (const { name } of LAYER_TENSORS.values()) need(`blk.${String(layer)}.${name}`);
}

function unsupported({ modelFolder }: Checkpoint, problem: string): Fault {
  return new Fault('MODEL_UNSUPPORTED', { path: modelFolder, problem });
}
