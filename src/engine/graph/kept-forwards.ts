// Owns the graphs of the last few shapes of one lane, each in a place of its own, and the memory that all of them compute
// in. A shape that comes back costs nothing: CUDA replays its kernels as one, where a new graph launches them one by one.
// Knows when what a graph was built on has moved; computes nothing.
import type { Pointer } from '../llama-abi.ts';
import { recurs, type ForwardShape } from './blocks.ts';
import type { Device } from './device.ts';
import type { Forward } from './forward.ts';
import { SketchMemory } from './sketch.ts';

export interface KeptForwardsParts {
  device: Device;
  /** Of the lane; its version tells when it has moved. */
  memory: { readonly version: number };
  /** Describes the graph; it lies in `sketchMemory`. */
  build: (shape: ForwardShape, sketchMemory: SketchMemory) => Forward;
  /** What to say where a graph gets no memory to compute in. */
  shortage: () => Error;
}

/**
 * Shapes of texts alone and of small batches recur. Others are rarely alike, but where they are it pays: H200, 4B bf16, 32-token
 * texts, one lane, 49k tokens/s against 47k with a new graph each. Of them no more than one is kept: CUDA's backend grows
 * with every address at which it has seen a large graph (with 16, 200,000 texts: from 0.79 to 0.96 GB).
 */
const CAPACITY = { recurring: 8, batch: 1 };

interface Kept {
  forward: Forward;
  version: string;
  sketchMemory: SketchMemory;
}

export class KeptForwards {
  readonly #parts: KeptForwardsParts;
  readonly #allocator: Pointer;
  /** By shape, the one used last at the end. */
  readonly #kept = { recurring: new Map<string, Kept>(), batch: new Map<string, Kept>() };

  constructor(parts: KeptForwardsParts) {
    this.#parts = parts;
    this.#allocator = parts.device.ggml.openAllocator(parts.device.bufferType);
  }

  /** A graph of this shape with memory to compute in. `check` sees a new one first. Faults: those of the parts. */
  take(shape: ForwardShape, check: (forward: Forward) => void = () => undefined): Forward {
    const kind = recurs(shape) ? 'recurring' : 'batch';
    const shelf = this.#kept[kind];
    const key = JSON.stringify(shape);
    const kept = shelf.get(key);
    shelf.delete(key);
    if (kept?.version === this.#version()) {
      shelf.set(key, kept);
      return kept.forward;
    }
    const sketchMemory = kept === undefined ? takePlace(shelf, CAPACITY[kind]) : vacate(kept);
    const forward = this.#parts.build(shape, sketchMemory);
    try {
      check(forward);
      const { ggml } = this.#parts.device;
      if (!ggml.allocateGraph(this.#allocator, forward.sketch.graph)) throw this.#parts.shortage();
    } catch (error) {
      forward.sketch.close();
      throw error;
    }
    shelf.set(key, { forward, sketchMemory, version: this.#version() });
    return forward;
  }

  close(): void {
    for (const shelf of Object.values(this.#kept)) {
      for (const { forward } of shelf.values()) forward.sketch.close();
      shelf.clear();
    }
    this.#parts.device.ggml.freeAllocator(this.#allocator);
  }

  // Graphs hold addresses: of the lane's memory, and of the allocator's, which moves whenever it grows.
  #version(): string {
    const { memory, device } = this.#parts;
    return `${String(memory.version)} ${String(device.ggml.allocatedBytes(this.#allocator, 0))}`;
  }
}

function vacate({ forward, sketchMemory }: Kept): SketchMemory {
  forward.sketch.close();
  return sketchMemory;
}

/** A new place, or that of the graph not used for longest. */
function takePlace(shelf: Map<string, Kept>, capacity: number): SketchMemory {
  const [oldest] = shelf;
  if (oldest === undefined || shelf.size < capacity) return new SketchMemory();
  const [key, kept] = oldest;
  shelf.delete(key);
  return vacate(kept);
}
