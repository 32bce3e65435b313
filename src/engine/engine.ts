// Owns one model in this process: an Embedder on libllama. Wires tokenizer, scheduler and lanes, and checks inputs.
// Knows nothing of sockets, processes or HTTP. A failed assertion in llama.cpp ends the process, which is why the
// product runs engines in worker processes.
// Order of work: tokenise -> queue -> (a lane is free) batch -> decode -> cut and normalise -> answer.
import { setImmediate as yieldToLoop } from 'node:timers/promises';
import type { EmbedInput, EmbedOptions, Embedder, Embeddings, ModelFacts } from '../embedder.ts';
import { Fault, faultFrom } from '../faults.ts';
import { Call, type CallText } from './call.ts';
import { openHeadlessModel } from './headless-model.ts';
import { Lane } from './lane.ts';
import { type Backend, findLibraries } from './libraries.ts';
import { type Llama, LOG_LEVEL_WARN, openLlama, type Pointer } from './llama-abi.ts';
import { type ModelFile, readModelFile, readTensor } from './model-file.ts';
import { Scheduler } from './scheduler.ts';
import { TokenTable } from './token-table.ts';
import { Tokenizer } from './tokenizer.ts';

/** Everything an engine needs to know, as plain JSON; made by the plan. */
export interface EngineSettings {
  /** A .gguf file. */
  modelFile: string;
  backend: Backend;
  /** A folder with llama.cpp libraries built elsewhere; null = node-llama-cpp's. */
  libraryFolder: string | null;
  /** Layers on the GPU: -1 = all, 0 = none. */
  gpuLayers: number;
  /** Threads that compute one decode. */
  threads: number;
  /** Decodes that run at the same time on the one loaded model. */
  lanes: number;
  /** Most tokens in one decode. Texts longer than this are decoded in chunks of their own. */
  batchTokens: number;
  /** Longer inputs are cut to this many tokens, the end token kept; null = INPUT_TOO_LONG beyond the context. */
  truncateTokens: number | null;
  /** Flash attention for batches. On the CPU it makes a text's vector depend on its batch: see plan.ts. */
  flashAttention: boolean;
}

/** llama.cpp keeps at most this many sequences apart (LLAMA_MAX_SEQ). */
const MOST_SEQUENCES = 256;

/** Inputs are tokenised in slices of about this size, between which decodes that have ended get their turn. */
const SLICE_CHARACTERS = 32_768;

/**
 * Loads a model. The first decode, not this, shows that the libraries compute on this device.
 * Faults: FILE_UNREADABLE, WEIGHTS_CORRUPT, MODEL_UNSUPPORTED, NATIVE_MISSING, NATIVE_MISMATCH, ENGINE_FAILED.
 */
export function openEngine(settings: EngineSettings): Embedder {
  const file = readModelFile(settings.modelFile);
  const libraries = findLibraries(settings.backend, settings.libraryFolder ?? undefined);
  const llama = openLlama(libraries, (level, text) => {
    if (level >= LOG_LEVEL_WARN) process.stderr.write(text);
  });
  return new Engine(settings, file, llama);
}

class Engine implements Embedder {
  readonly model: ModelFacts;
  readonly #llama: Llama;
  readonly #tokenizer: Tokenizer;
  readonly #weights: Pointer;
  readonly #scheduler: Scheduler;
  readonly #endToken: number;
  readonly #truncateTokens: number | null;
  readonly #calls = new Set<Promise<unknown>>();
  #closing: Promise<void> | null = null;

  constructor(settings: EngineSettings, file: ModelFile, llama: Llama) {
    this.model = file.facts;
    this.#llama = llama;
    this.#endToken = file.endToken;
    this.#truncateTokens = settings.truncateTokens;
    this.#tokenizer = new Tokenizer(llama, file);
    const bytes = readTensor(file, file.tokenEmbeddings);
    const table = new TokenTable(llama, { ...file.tokenEmbeddings, path: file.path, bytes });
    const weights = openHeadlessModel(llama, file, settings.gpuLayers);
    this.#weights = weights;
    const { threads, flashAttention, lanes, batchTokens } = settings;
    const { dimensions } = file.facts;
    this.#scheduler = new Scheduler({
      openLane: (shape) => new Lane({ ...shape, llama, model: weights, table, dimensions, threads }),
      lanes,
      batchTokens,
      sequences: Math.min(MOST_SEQUENCES, batchTokens),
      flashAttention,
    });
  }

  async embed(inputs: readonly EmbedInput[], options: EmbedOptions = {}): Promise<Embeddings> {
    if (this.#closing !== null) throw new Fault('STOPPING', {});
    const call = new Call(inputs.length, options.dimensions ?? this.model.dimensions);
    const cancel = () => {
      call.fail(new Fault('CANCELLED', {}));
      this.#scheduler.drop(call);
    };
    options.signal?.addEventListener('abort', cancel, { once: true });
    if (options.signal?.aborted === true) cancel();
    this.#calls.add(call.done);
    try {
      const [embeddings] = await Promise.all([call.done, this.#queue(call, inputs)]);
      return embeddings;
    } finally {
      options.signal?.removeEventListener('abort', cancel);
      this.#calls.delete(call.done);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#calls);
    await this.#scheduler.close();
    this.#tokenizer.close();
    this.#llama.freeModel(this.#weights);
  }

  /** Tokenises slice by slice; the first texts may be computed while the last are still text. */
  async #queue(call: Call, inputs: readonly EmbedInput[]): Promise<void> {
    let slice: CallText[] = [];
    let characters = 0;
    for (const [index, input] of inputs.entries()) {
      if (call.hasEnded) return;
      try {
        slice.push({ call, index, tokens: this.#toTokens(input, index) });
      } catch (error) {
        call.fail(faultFrom(error));
        this.#scheduler.drop(call);
        return;
      }
      characters += input.length;
      if (characters < SLICE_CHARACTERS) continue;
      this.#scheduler.add(call, slice);
      slice = [];
      characters = 0;
      await yieldToLoop();
    }
    if (!call.hasEnded) this.#scheduler.add(call, slice);
  }

  /** Token ids with the end token last, within the limit. */
  #toTokens(input: EmbedInput, index: number): Int32Array {
    const tokens = typeof input === 'string' ? this.#tokenizer.tokenise(input) : this.#checkIds(input, index);
    const limit = Math.min(this.#truncateTokens ?? Infinity, this.model.contextTokens);
    if (tokens.length <= limit) return tokens;
    if (this.#truncateTokens === null)
      throw new Fault('INPUT_TOO_LONG', { index, tokens: tokens.length, limit });
    tokens[limit - 1] = this.#endToken;
    return tokens.subarray(0, limit);
  }

  // Clients send ids with or without the end token; without it at the end the vector would be read at the wrong place.
  #checkIds(ids: readonly number[], index: number): Int32Array {
    if (ids.length === 0) throw new Fault('INPUT_EMPTY', { index });
    const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= this.model.vocabularySize);
    if (wrong !== undefined) {
      const problem = `input ${String(index)} has the token id ${String(wrong)}, ids are 0 to ${String(this.model.vocabularySize - 1)}`;
      throw new Fault('INVALID_REQUEST', { param: 'input', problem });
    }
    return Int32Array.from(ids.at(-1) === this.#endToken ? ids : [...ids, this.#endToken]);
  }
}
