// Owns the loading of the weights into llama.cpp without the LM head.
// In embedding mode llama.cpp multiplies every token by the 151k-row head and copies the logits to the host. Here the
// model is made from an edited header in memory: no vocabulary, a token table of a few rows that nothing reads, hence
// a head of a few rows. Token vectors come from token-table.ts. The file on disk is used as it is, nothing is copied.
// Measured (2 cores AVX-512, 8 layers of the 0.6B, bf16, 32 texts x 32 tokens, median of 5): 421 tokens/s with the
// head, 953 without, same bits; q8_0 415 and 895. Vectors are those of the whole model, bit for bit.
import type { GgufMetadata, GgufTensor } from '../convert/gguf.ts';
import { renderGgufHeader } from '../convert/gguf-write.ts';
import { Fault } from '../faults.ts';
import { findShortage } from './devices.ts';
import { HANDED_OVER, type Llama, type Pointer } from './llama-abi.ts';
import { readTensorBlocks, type ModelFile } from './model-file.ts';
import { planAttentionFactor } from './rope-scaling.ts';

/** Rows of the table and head that stay; the least that the row kernels of all backends take whole. */
const HEAD_ROWS = 32;

/** The file's header without vocabulary and with a head of HEAD_ROWS rows. Pure. */
export function renderHeadlessHeader({ header, tokenEmbeddings }: ModelFile): Buffer {
  const metadata: GgufMetadata = new Map(
    [...header.metadata].filter(([key]) => !key.startsWith('tokenizer.')),
  );
  metadata.set('tokenizer.ggml.model', { type: 'string', value: 'no_vocab' });
  metadata.set('qwen3.vocab_size', { type: 'u32', value: HEAD_ROWS });
  const attentionFactor = planAttentionFactor(header.metadata);
  if (attentionFactor !== null)
    metadata.set('qwen3.rope.scaling.attn_factor', { type: 'f32', value: attentionFactor });
  const head = {
    name: tokenEmbeddings.name,
    type: 'F32',
    shape: [tokenEmbeddings.shape[0] ?? 0, HEAD_ROWS],
  } as const;
  const tensors = header.tensors
    .filter(({ name }) => name !== 'output.weight')
    .map((tensor) => (tensor.name === head.name ? head : tensor));
  return renderGgufHeader({ metadata, tensors });
}

/**
 * Loads the weights of `gpuLayers` layers (-1 = all) onto the GPUs, layer by layer where there are several.
 * Faults: MEMORY_SHORT, ENGINE_FAILED, FILE_UNREADABLE, WEIGHTS_CORRUPT.
 */
export function openHeadlessModel(
  llama: Llama,
  file: ModelFile,
  { gpuLayers }: { gpuLayers: number },
): Pointer {
  const bytes = renderHeadlessHeader(file);
  const header = llama.openHeader(bytes, bytes.length, { no_alloc: true, ctx: null });
  if (header === null) throw new Fault('BUG', { problem: 'llama.cpp does not take the edited header' });
  const filler = new TensorFiller(llama, file);
  try {
    const params = llama.modelParams({ ...HANDED_OVER, n_gpu_layers: gpuLayers });
    const model = llama.initModel(header, filler.fill, null, params);
    if (filler.error !== null) throw filler.error;
    if (model === null) throw weightsFault(llama, file, gpuLayers);
    return model;
  } finally {
    llama.freeHeader(header);
  }
}

// llama.cpp says no more than that it failed. Where the weights are larger than what is free, that is the reason.
function weightsFault(llama: Llama, file: ModelFile, gpuLayers: number): Fault {
  const neededBytes = file.header.tensors.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return (
    findShortage(llama, { onGpu: gpuLayers !== 0, purpose: 'the weights', neededBytes }) ??
    new Fault('ENGINE_FAILED', { problem: 'the weights could not be loaded' })
  );
}

/** Answers llama.cpp's call per tensor. An error must not cross native frames, so the first is kept for later. */
class TensorFiller {
  error: Error | null = null;
  readonly #llama: Llama;
  readonly #file: ModelFile;
  readonly #tensors: Map<string, GgufTensor>;

  constructor(llama: Llama, file: ModelFile) {
    this.#llama = llama;
    this.#file = file;
    this.#tensors = new Map(file.header.tensors.map((tensor) => [tensor.name, tensor]));
    this.#tensors.delete(file.tokenEmbeddings.name);
    this.#tensors.delete('output.weight');
  }

  readonly fill = (native: Pointer): void => {
    if (this.error !== null) return;
    try {
      const name = this.#llama.tensorName(native);
      const tensor = this.#tensors.get(name);
      if (tensor === undefined) this.#fillNeutral(native, name);
      else this.#fillFromFile(native, tensor);
    } catch (error) {
      this.error = error instanceof Error ? error : new Fault('BUG', { problem: String(error) });
    }
  };

  #fillFromFile(native: Pointer, tensor: GgufTensor): void {
    const expected = this.#llama.tensorBytes(native);
    if (expected !== tensor.sizeBytes) {
      const problem = `${tensor.name} has ${String(tensor.sizeBytes)} bytes, llama.cpp expects ${String(expected)}`;
      throw new Fault('WEIGHTS_CORRUPT', { path: this.#file.path, problem });
    }
    for (const { bytes, offset } of readTensorBlocks(this.#file, tensor))
      this.#llama.setTensor(native, bytes, offset, bytes.length);
  }

  // The head's few rows, which nothing reads. And, where llama.cpp was built without node-llama-cpp's patches, optional
  // tensors that it makes room for although the file has none: factors must be 1, sums 0, or the vectors are wrong.
  #fillNeutral(native: Pointer, name: string): void {
    const sizeBytes = this.#llama.tensorBytes(native);
    const isFactor = name.endsWith('.scale') || name.endsWith('.input_scale');
    const values = new Float32Array(sizeBytes / Float32Array.BYTES_PER_ELEMENT).fill(isFactor ? 1 : 0);
    this.#llama.setTensor(native, new Uint8Array(values.buffer), 0, sizeBytes);
  }
}
