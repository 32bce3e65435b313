// Owns the memory of one lane that outlives a graph: inputs, slots of keys and values, the store of prefixes, the rows
// of a long text. Grows where it must; `version` tells when graphs built on what was there before are void.
// All of it starts as zeros: rows that no text has written are masked, but a NaN in them would still spread.
import { Fault } from '../../faults.ts';
import type { Pointer } from '../llama-abi.ts';
import { Region, type Device, type TensorPlan } from './device.ts';
import type { Hyperparameters } from './hyperparameters.ts';

/** In half precision GPUs' kernels want them; in float32 a text's vector does not depend on what is beside it. */
export type KeyValueType = 'F16' | 'F32';

export interface KeysValues {
  type: KeyValueType;
  k: Pointer;
  v: Pointer;
}

/** Few sizes, so that a growing batch does not mean new memory each time. */
export const ROW_STEP = 1024;
const INPUT_STEP_BYTES = 1024 * 1024;

/** Memory that is made anew when more is asked for. */
class Growing {
  #region: Region | null = null;
  #size = 0;

  ensure(size: number, step: number, open: (size: number) => Region): { region: Region; isNew: boolean } {
    if (this.#region !== null && this.#size >= size) return { region: this.#region, isNew: false };
    this.close();
    this.#size = Math.ceil(size / step) * step;
    this.#region = open(this.#size);
    return { region: this.#region, isNew: true };
  }

  close(): void {
    this.#region?.close();
    this.#region = null;
    this.#size = 0;
  }
}

export class LaneMemory {
  /** Grows when any of this memory has moved. */
  version = 0;
  readonly #type: KeyValueType;
  readonly #device: Device;
  readonly #shape: Hyperparameters;
  readonly #inputs = new Growing();
  readonly #slots = new Growing();
  readonly #queries = new Growing();
  readonly #attended = new Growing();
  readonly #chunks = new Growing();
  readonly #store = new Growing();

  constructor(device: Device, shape: Hyperparameters, keyValueType: KeyValueType) {
    this.#type = keyValueType;
    this.#device = device;
    this.#shape = shape;
  }

  inputs(sizeBytes: number): Region {
    return this.#ensure(this.#inputs, { size: sizeBytes, step: INPUT_STEP_BYTES }, (bytes) => ({
      plans: [{ type: 'I8', shape: [bytes] }],
      purpose: 'inputs',
    }));
  }

  /** One pair for all layers: a layer's keys and values are not needed once it is over. */
  slots(rows: number): KeysValues {
    const { tensors } = this.#ensure(this.#slots, { size: rows, step: ROW_STEP }, (all) => ({
      plans: this.#pair(this.#type, all),
      purpose: 'keys and values',
    }));
    return pairAt(tensors, 0, this.#type);
  }

  /** Queries in slots, where they do not lie right as they are computed. */
  queries(rows: number): Pointer {
    return this.#headRows(this.#queries, rows, 'queries');
  }

  /** What attention gives, in rows that lie one after another, where it does not give it so. */
  attended(rows: number): Pointer {
    return this.#headRows(this.#attended, rows, 'what attention gives');
  }

  /** Of a long text, a pair per layer. */
  chunks(rows: number): KeysValues[] {
    return this.#perLayer(this.#chunks, rows);
  }

  /** Of the prefixes, a pair per layer. */
  store(rows: number): KeysValues[] {
    return this.#perLayer(this.#store, rows);
  }

  close(): void {
    const rows = [this.#slots, this.#queries, this.#attended, this.#chunks, this.#store];
    for (const part of [this.#inputs, ...rows]) part.close();
  }

  #headRows(part: Growing, rows: number, purpose: string): Pointer {
    const { heads, headDim } = this.#shape;
    const { tensors } = this.#ensure(part, { size: rows, step: ROW_STEP }, (all) => ({
      plans: [{ type: 'F32', shape: [heads * headDim, all] }],
      purpose,
    }));
    return at(tensors, 0);
  }

  #perLayer(part: Growing, rows: number): KeysValues[] {
    const types = Array.from({ length: this.#shape.layers }, (_, layer) => this.#typeOf(layer));
    const { tensors } = this.#ensure(part, { size: rows, step: 1 }, (all) => ({
      plans: types.flatMap((type) => this.#pair(type, all)),
      purpose: 'kept keys and values',
    }));
    return types.map((type, layer) => pairAt(tensors, layer, type));
  }

  // In the last layer a single row looks at all keys. On the CPU ggml adds up the values of a single row in their own
  // type: over 2,000 tokens in half precision that left a cosine of 0.9997.
  #typeOf(layer: number): KeyValueType {
    return this.#device.kind === 'cpu' && layer === this.#shape.layers - 1 ? 'F32' : this.#type;
  }

  #pair(type: KeyValueType, rows: number): [TensorPlan, TensorPlan] {
    const { kvHeads, headDim } = this.#shape;
    const plan = { type, shape: [kvHeads * headDim, rows] };
    return [plan, plan];
  }

  #ensure(
    part: Growing,
    { size, step }: { size: number; step: number },
    plan: (size: number) => { plans: TensorPlan[]; purpose: string },
  ): Region {
    const { region, isNew } = part.ensure(size, step, (grown) => {
      const { plans, purpose } = plan(grown);
      return new Region(this.#device, plans, purpose);
    });
    if (isNew) this.version++;
    return region;
  }
}

function at(tensors: readonly Pointer[], index: number): Pointer {
  const tensor = tensors[index];
  if (tensor === undefined) throw new Fault('BUG', { problem: `no tensor ${String(index)}` });
  return tensor;
}

const pairAt = (tensors: readonly Pointer[], pair: number, type: KeyValueType): KeysValues => ({
  type,
  k: at(tensors, 2 * pair),
  v: at(tensors, 2 * pair + 1),
});
