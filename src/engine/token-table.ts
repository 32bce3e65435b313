// Owns the token embedding table: the rows that turn token ids into the model's input vectors.
// It stays in the weights' own type, in this process's memory, off the device; rows become float32 as they are used.
// That is half of how the LM head is avoided: headless-model.ts has the other half.
import type { TensorType } from '../convert/gguf.ts';
import { Fault } from '../faults.ts';
import type { Llama, Pointer, RowConverter } from './llama-abi.ts';

const FLOAT_BYTES = 4;

export class TokenTable {
  readonly #llama: Llama;
  readonly #bytes: Uint8Array;
  readonly #dimensions: number;
  readonly #rowBytes: number;
  readonly #address: Pointer;
  readonly #convert: RowConverter | null;

  /**
   * `bytes` holds one row of `dimensions` elements per token id, in ggml's layout of `type`.
   * Faults: MODEL_UNSUPPORTED for a type that llama.cpp has no row conversion for.
   */
  constructor(
    llama: Llama,
    table: { path: string; bytes: Uint8Array; type: TensorType; shape: readonly number[] },
  ) {
    const convert = llama.rowConverter(table.type);
    if (convert === undefined) {
      const problem = `its token embeddings have the type ${table.type}, which cannot be read row by row`;
      throw new Fault('MODEL_UNSUPPORTED', { path: table.path, problem });
    }
    const [dimensions = 0, rows = 0] = table.shape;
    this.#llama = llama;
    this.#bytes = table.bytes;
    this.#dimensions = dimensions;
    this.#rowBytes = table.bytes.byteLength / rows;
    this.#address = llama.address(table.bytes);
    this.#convert = convert;
  }

  /**
   * Writes the vectors of `tokens` to `target` [rows x dimensions, float32], from row `at` on.
   * Ids must be below the number of rows: the engine has checked them.
   */
  lookUp(tokens: Int32Array, target: Float32Array, at: number): void {
    const targetAddress = this.#llama.address(target);
    for (let i = 0; i < tokens.length; i++) {
      const from = (tokens[i] ?? 0) * this.#rowBytes;
      const to = (at + i) * this.#dimensions;
      if (this.#convert === null) target.set(this.#floatRow(from), to);
      else
        this.#convert(
          this.#address + BigInt(from),
          targetAddress + BigInt(to * FLOAT_BYTES),
          this.#dimensions,
        );
    }
  }

  #floatRow(from: number): Float32Array {
    return new Float32Array(this.#bytes.buffer, this.#bytes.byteOffset + from, this.#dimensions);
  }
}
