// Owns the weights on the device, shared by all lanes: q, k and v of a layer as the rows of one tensor, gate and up
// likewise, because one wide product is quicker than narrow ones (H200, 4B bf16, 1,024 tokens of 32-token texts).
// Parts of different types (k-quants) stay apart. In the last layer only k and v are joined: q is needed of few rows.
// Knows tensors' names and types; knows nothing of batches.
import type { GgufTensor } from '../../convert/gguf.ts';
import { Fault } from '../../faults.ts';
import type { Pointer } from '../llama-abi.ts';
import { readTensorBlocks, type ModelFile } from '../model-file.ts';
import { describeTensor, openContext, Region, type Device, type TensorPlan } from './device.ts';
import { USAGE_WEIGHTS } from './ggml-abi.ts';
import { readHyperparameters, type Hyperparameters } from './hyperparameters.ts';

/** One tensor, or several of which each makes its own rows. */
export type Joined = { joined: Pointer } | { apart: Pointer[] };

export interface LayerWeights {
  attentionNorm: Pointer;
  /** q, k, v in this order; in the last layer k, v. */
  projections: Joined;
  /** Only in the last layer. */
  q: Pointer | null;
  qNorm: Pointer;
  kNorm: Pointer;
  output: Pointer;
  ffnNorm: Pointer;
  gateUp: Joined;
  down: Pointer;
}

/** A tensor on the device and the tensors of the file that make its rows, in order. */
interface Place extends TensorPlan {
  sources: GgufTensor[];
}

export class Weights {
  readonly hyperparameters: Hyperparameters;
  /** null where the device cannot read the table's type row by row: vectors then come from the host. */
  readonly table: Pointer | null;
  readonly layers: LayerWeights[];
  readonly outputNorm: Pointer;
  readonly #region: Region;

  /** `hostTable` keeps the table off the device. Faults: ENGINE_FAILED, FILE_UNREADABLE, WEIGHTS_CORRUPT, MODEL_UNSUPPORTED. */
  constructor(device: Device, file: ModelFile, { hostTable = false } = {}) {
    this.hyperparameters = readHyperparameters(file);
    const planner = new Planner(file);
    const table =
      hostTable || !canGetRows(device, file.tokenEmbeddings) ? null : planner.join(['token_embd']);
    const outputNorm = planner.join(['output_norm']);
    const layers = Array.from({ length: this.hyperparameters.layers }, (_, i) =>
      planLayer(planner, i, i === this.hyperparameters.layers - 1),
    );
    this.#region = new Region(device, planner.places, 'the weights');
    device.ggml.setUsage(this.#region.buffer, USAGE_WEIGHTS);
    const { tensors } = this.#region;
    this.table = table === null ? null : tensorAt(tensors, table);
    this.outputNorm = tensorAt(tensors, outputNorm);
    this.layers = layers.map((layer) => resolveLayer(layer, tensors));
    try {
      for (const [i, { sources }] of planner.places.entries())
        pour({ device, file }, sources, tensorAt(tensors, i));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#region.close();
  }
}

/** Numbers of tensors still to be made, by what they are for. */
type PlannedJoined = { joined: number } | { apart: number[] };
interface PlannedLayer {
  attentionNorm: number;
  projections: PlannedJoined;
  q: number | null;
  qNorm: number;
  kNorm: number;
  output: number;
  ffnNorm: number;
  gateUp: PlannedJoined;
  down: number;
}

class Planner {
  readonly places: Place[] = [];
  readonly #tensors: Map<string, GgufTensor>;

  constructor({ header }: ModelFile) {
    this.#tensors = new Map(header.tensors.map((tensor) => [tensor.name, tensor]));
  }

  /** Number of a tensor with the rows of all named. */
  join(names: readonly string[]): number {
    const sources = names.map((name) => this.#find(name));
    const [first] = sources;
    if (first === undefined) throw new Fault('BUG', { problem: 'a tensor of no rows' });
    const [width = 0] = first.shape;
    const rows = sources.reduce((sum, { shape }) => sum + (shape[1] ?? 0), 0);
    const shape = first.shape.length === 1 ? first.shape : [width, rows];
    return this.places.push({ type: first.type, shape, sources }) - 1;
  }

  joinIfAlike(names: readonly string[]): PlannedJoined {
    const types = new Set(names.map((name) => this.#find(name).type));
    return types.size === 1
      ? { joined: this.join(names) }
      : { apart: names.map((name) => this.join([name])) };
  }

  #find(name: string): GgufTensor {
    const tensor = this.#tensors.get(`${name}.weight`);
    if (tensor === undefined) throw new Fault('BUG', { problem: `${name} was not checked` });
    return tensor;
  }
}

function planLayer(planner: Planner, layer: number, isLast: boolean): PlannedLayer {
  const name = (part: string) => `blk.${String(layer)}.${part}`;
  const one = (part: string) => planner.join([name(part)]);
  const narrow = [name('attn_k'), name('attn_v')];
  return {
    attentionNorm: one('attn_norm'),
    projections: planner.joinIfAlike(isLast ? narrow : [name('attn_q'), ...narrow]),
    q: isLast ? one('attn_q') : null,
    qNorm: one('attn_q_norm'),
    kNorm: one('attn_k_norm'),
    output: one('attn_output'),
    ffnNorm: one('ffn_norm'),
    gateUp: planner.joinIfAlike([name('ffn_gate'), name('ffn_up')]),
    down: one('ffn_down'),
  };
}

function tensorAt(tensors: readonly Pointer[], index: number): Pointer {
  const tensor = tensors[index];
  if (tensor === undefined) throw new Fault('BUG', { problem: `no tensor ${String(index)}` });
  return tensor;
}

function resolveLayer(layer: PlannedLayer, tensors: readonly Pointer[]): LayerWeights {
  const at = (index: number) => tensorAt(tensors, index);
  const all = (planned: PlannedJoined): Joined =>
    'joined' in planned ? { joined: at(planned.joined) } : { apart: planned.apart.map(at) };
  return {
    attentionNorm: at(layer.attentionNorm),
    projections: all(layer.projections),
    q: layer.q === null ? null : at(layer.q),
    qNorm: at(layer.qNorm),
    kNorm: at(layer.kNorm),
    output: at(layer.output),
    ffnNorm: at(layer.ffnNorm),
    gateUp: all(layer.gateUp),
    down: at(layer.down),
  };
}

/** Does the device read rows of this tensor's type? CUDA lacks some k-quants, by version. */
function canGetRows({ ggml, pointer }: Device, table: GgufTensor): boolean {
  const context = openContext(ggml, 3);
  try {
    const rows = describeTensor({ ggml, context }, table.type, table.shape);
    const ids = describeTensor({ ggml, context }, 'I32', [1]);
    return ggml.supports(pointer, ggml.getRows(context, rows, ids));
  } finally {
    ggml.freeContext(context);
  }
}

function pour(
  { device, file }: { device: Device; file: ModelFile },
  sources: readonly GgufTensor[],
  target: Pointer,
): void {
  let at = 0;
  for (const source of sources) {
    for (const { bytes, offset } of readTensorBlocks(file, source))
      device.ggml.setTensor(target, bytes, at + offset, bytes.length);
    at += source.sizeBytes;
  }
}
