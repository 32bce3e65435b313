// Owns one ggml context with one graph in it: short names for the operations, typed strides, freed as a whole.
// Knows no model. Nothing is computed here; ggml ends the process where shapes do not fit.
import type { TensorType } from '../../convert/gguf.ts';
import type { Pointer } from '../llama-abi.ts';
import { describeTensor, graphBytes, openContextIn } from './device.ts';
import type { Ggml } from './ggml-abi.ts';

/** Lengths with the fastest dimension first; strides, in bytes, of all dimensions but the first. */
export interface View {
  shape: readonly number[];
  strides: readonly number[];
  offset: number;
}

/**
 * A place where graphs of a lane lie one after another: CUDA's backend tells graphs apart by their address and keeps what
 * it knows of each for ten seconds. With ever new addresses a worker grew from 0.8 to 1.2 GB over 200,000 texts.
 */
export class SketchMemory {
  #bytes = new Uint8Array(0);

  /** The graph that lay here before must be closed. */
  take(ggml: Ggml, sizeBytes: number): Pointer {
    if (this.#bytes.length < sizeBytes + ALIGNMENT) this.#bytes = new Uint8Array(2 * sizeBytes + ALIGNMENT);
    const address = ggml.address(this.#bytes);
    return address + BigInt(ALIGNMENT) - (address % BigInt(ALIGNMENT));
  }
}

const ALIGNMENT = 64;

export class Sketch {
  readonly graph: Pointer;
  readonly #ggml: Ggml;
  readonly #context: Pointer;

  constructor(ggml: Ggml, memory: SketchMemory, nodes: number) {
    this.#ggml = ggml;
    const sizeBytes = graphBytes(ggml, nodes);
    this.#context = openContextIn(ggml, sizeBytes, memory.take(ggml, sizeBytes));
    this.graph = ggml.newGraph(this.#context, nodes, false);
  }

  /** Appends a tensor, and what it is made of, to the graph: the order in which nodes run. */
  run(tensor: Pointer): Pointer {
    this.#ggml.expand(this.graph, tensor);
    return tensor;
  }

  tensor(type: TensorType, shape: readonly number[]): Pointer {
    return describeTensor({ ggml: this.#ggml, context: this.#context }, type, shape);
  }

  view(tensor: Pointer, { shape, strides, offset }: View): Pointer {
    const [ne0 = 1, ne1 = 1, ne2 = 1, ne3 = 1] = shape;
    const [nb1 = 0, nb2 = 0, nb3 = 0] = strides;
    const { view2d, view3d, view4d } = this.#ggml;
    if (shape.length === 2) return view2d(this.#context, tensor, ne0, ne1, nb1, offset);
    if (shape.length === 3) return view3d(this.#context, tensor, ne0, ne1, ne2, nb1, nb2, offset);
    return view4d(this.#context, tensor, ne0, ne1, ne2, ne3, nb1, nb2, nb3, offset);
  }

  reshape(tensor: Pointer, width: number, rows: number): Pointer {
    return this.#ggml.reshape2d(this.#context, tensor, width, rows);
  }

  getRows(tensor: Pointer, rows: Pointer): Pointer {
    return this.#ggml.getRows(this.#context, tensor, rows);
  }

  /** Writes the rows of `source` into `target`; the result is `target` after that. */
  setRows(target: Pointer, source: Pointer, rows: Pointer): Pointer {
    return this.#ggml.setRows(this.#context, target, source, rows);
  }

  product(weights: Pointer, x: Pointer): Pointer {
    return this.#ggml.multiplyMatrix(this.#context, weights, x);
  }

  add(a: Pointer, b: Pointer): Pointer {
    return this.#ggml.add(this.#context, a, b);
  }

  norm(x: Pointer, weights: Pointer, epsilon: number): Pointer {
    return this.#ggml.multiply(this.#context, this.#ggml.rmsNorm(this.#context, x, epsilon), weights);
  }

  rope(x: Pointer, positions: Pointer, options: Parameters<typeof ropeArguments>[0]): Pointer {
    return this.#ggml.rope(this.#context, x, positions, null, ...ropeArguments(options));
  }

  /** Gate first, then up. */
  swiglu(parts: readonly Pointer[]): Pointer {
    const [first = 0n, second] = parts;
    return second === undefined
      ? this.#ggml.swiglu(this.#context, first)
      : this.#ggml.swigluSplit(this.#context, first, second);
  }

  attention(qkv: { q: Pointer; k: Pointer; v: Pointer }, mask: Pointer | null, scale: number): Pointer {
    return this.#ggml.attention(this.#context, qkv.q, qkv.k, qkv.v, mask, scale, 0, 0);
  }

  close(): void {
    this.#ggml.freeContext(this.#context);
  }
}

const ROPE_NEOX = 2;

// As llama.cpp calls it for qwen3 without scaling.
const ropeArguments = ({
  headDim,
  contextTokens,
  ropeBase,
}: {
  headDim: number;
  contextTokens: number;
  ropeBase: number;
}) => [headDim, ROPE_NEOX, contextTokens, ropeBase, 1, 0, 1, 32, 1] as const;
