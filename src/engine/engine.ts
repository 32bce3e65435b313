// Owns one model in this process: an Embedder on llama.cpp. Wires tokenizer, scheduler and lanes, and checks inputs.
// Knows nothing of sockets, processes or HTTP. A failed assertion in llama.cpp ends the process, which is why the
// product runs engines in worker processes.
// Order of work: tokenise -> queue -> (a lane is free) batch -> decode -> cut and normalise -> answer.
import { setImmediate as yieldToLoop } from 'node:timers/promises';
import {
  emptyProfile,
  recordStage,
  type EmbedInput,
  type EmbedOptions,
  type Embedder,
  type Embeddings,
  type LongText,
  type ModelFacts,
  type Note,
  type Profile,
  type TokenOptions,
} from '../embedder.ts';
import { Fault, faultFrom } from '../faults.ts';
import { Call } from './call.ts';
import { ChunkMean } from './chunk-mean.ts';
import { openCompute, type Compute, type ComputeKind } from './compute.ts';
import { DecodeWatch } from './decode-watch.ts';
import { Detokenizer } from './detokenizer.ts';
import { EqualTexts, keyOf } from './equal-texts.ts';
import { InputReader } from './input-reader.ts';
import { type Backend, findLibraries } from './libraries.ts';
import type { LaneLimits } from './lane-shapes.ts';
import { type Llama, LOG_LEVEL_WARN, openLlama, type SplitMode } from './llama-abi.ts';
import { type ModelFile, readModelFile } from './model-file.ts';
import { Scheduler } from './scheduler.ts';
import { NO_TOKENIZER, Tokenizer, type TextReader } from './tokenizer.ts';
import { mapInTurns, SLICE_CHARACTERS } from './turns.ts';
import { Work, type Waiter, type WorkText } from './work.ts';

/** Everything an engine needs to know, as plain JSON; made by the plan. */
export interface EngineSettings extends LaneLimits {
  /** A .gguf file. */
  modelFile: string;
  backend: Backend;
  /** Whose forward pass: llama.cpp's contexts, or the engine's own graph on ggml. */
  compute: ComputeKind;
  /** A folder with llama.cpp libraries built elsewhere; null = node-llama-cpp's. */
  libraryFolder: string | null;
  /** Layers on the GPU: -1 = all, 0 = none. */
  gpuLayers: number;
  /** How several GPUs share the model; without effect where only one is visible. */
  splitMode: SplitMode;
  /** Threads that compute one decode, or several at the same time together. */
  threads: number;
  /** Decodes that run at the same time on the one loaded model. */
  lanes: number;
  /** A decode has its share of the threads even while it is the only one. */
  steadyThreads: boolean;
  /** False = token ids only: no vocabulary is loaded. */
  takesTexts: boolean;
  /** Finished vectors that are kept; 0 turns the cache off. */
  cachedVectors: number;
  /** How long a decode of 1,024 tokens may take before it counts as hanging; null or absent = for ever. */
  decodeTimeoutMs?: number | null;
}

/** Whom an engine tells what no answer says. */
export interface EngineListeners {
  /** What a decode that hangs is; the listener decides what becomes of the process. */
  onHang?: (problem: string) => void;
  onNote?: (note: Note) => void;
}

/**
 * Loads a model. The first decode, not this, shows that the libraries compute on this device.
 * Faults: FILE_UNREADABLE, WEIGHTS_CORRUPT, MODEL_UNSUPPORTED, NATIVE_MISSING, NATIVE_MISMATCH, ENGINE_FAILED.
 */
export function openEngine(settings: EngineSettings, listeners: EngineListeners = {}): Embedder {
  const file = readModelFile(settings.modelFile);
  const libraries = findLibraries(settings.backend, settings.libraryFolder ?? undefined);
  const llama = openLlama(libraries, (level, text) => {
    if (level >= LOG_LEVEL_WARN) process.stderr.write(text);
  });
  return new Engine(settings, { file, llama, listeners });
}

/** What holds for all texts of a call. */
interface Terms {
  longText: LongText | null;
  priority: number;
}

class Engine implements Embedder {
  readonly model: ModelFacts;
  readonly #inputs: InputReader;
  readonly #tokenizer: TextReader;
  readonly #file: ModelFile;
  readonly #compute: Compute;
  readonly #scheduler: Scheduler;
  readonly #profile = emptyProfile();
  readonly #calls = new Set<Promise<unknown>>();
  readonly #equals: EqualTexts;
  #detokenizer: Detokenizer | null = null;
  #closing: Promise<void> | null = null;

  constructor(
    settings: EngineSettings,
    parts: { file: ModelFile; llama: Llama; listeners: EngineListeners },
  ) {
    const { file, llama, listeners } = parts;
    const { onNote = () => undefined, onHang = () => undefined } = listeners;
    this.model = { ...file.facts, contextTokens: settings.contextTokens };
    this.#file = file;
    this.#tokenizer = settings.takesTexts ? new Tokenizer(llama, file) : NO_TOKENIZER;
    this.#inputs = new InputReader({
      tokenise: (text) => this.#tokenizer.tokenise(text),
      endToken: file.endToken,
      model: this.model,
    });
    this.#equals = new EqualTexts(this.#profile, settings.cachedVectors);
    const compute = openCompute({ ...settings, llama, file, profile: this.#profile });
    this.#compute = compute;
    this.#scheduler = new Scheduler({
      ...settings,
      profile: this.#profile,
      openLane: (shape) => compute.openLane(shape),
      watch: new DecodeWatch({ timeoutMs: settings.decodeTimeoutMs ?? null, onHang, onNote }),
      onNote,
    });
  }

  async embed(inputs: readonly EmbedInput[], options: EmbedOptions = {}): Promise<Embeddings> {
    this.#checkOpen();
    const { dimensions = this.model.dimensions, requestId = null } = options;
    const call = new Call(inputs.length, dimensions, requestId);
    const cancel = () => {
      call.fail(new Fault('CANCELLED', {}));
    };
    options.signal?.addEventListener('abort', cancel, { once: true });
    if (options.signal?.aborted === true) cancel();
    this.#calls.add(call.done);
    try {
      const [embeddings] = await Promise.all([
        call.done,
        this.#queue(call, inputs, { longText: options.longText ?? null, priority: options.priority ?? 0 }),
      ]);
      this.#profile.texts += inputs.length;
      this.#profile.tokens += embeddings.tokenCounts.reduce((sum, count) => sum + count, 0);
      return embeddings;
    } finally {
      options.signal?.removeEventListener('abort', cancel);
      this.#calls.delete(call.done);
    }
  }

  tokenise(texts: readonly string[], { special }: TokenOptions): Promise<number[][]> {
    return mapInTurns(texts, (text) => {
      this.#checkOpen();
      const ids = this.#tokenizer.tokenise(text);
      return Array.from(special ? ids : ids.subarray(0, -1));
    });
  }

  detokenise(idLists: readonly (readonly number[])[], { special }: TokenOptions): Promise<string[]> {
    const detokenizer = (this.#detokenizer ??= new Detokenizer(this.#file.header.metadata));
    return mapInTurns(idLists, (ids) => detokenizer.detokenise(ids, special));
  }

  forget(): Promise<void> {
    this.#equals.forget();
    this.#scheduler.prefixes.clear();
    return Promise.resolve();
  }

  profile(): Promise<Profile> {
    return Promise.resolve(structuredClone(this.#profile));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #checkOpen(): void {
    if (this.#closing !== null) throw new Fault('STOPPING', {});
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#calls);
    await this.#scheduler.close();
    this.#tokenizer.close();
    this.#compute.close();
  }

  /** Tokenises slice by slice; the first texts may be computed while the last are still text. */
  async #queue(call: Call, inputs: readonly EmbedInput[], terms: Terms): Promise<void> {
    let works: Work[] = [];
    let characters = 0;
    for (const [index, input] of inputs.entries()) {
      if (call.hasEnded) break;
      for (const work of this.#admit(input, { call, index }, terms)) works.push(work);
      characters += input.length;
      if (characters < SLICE_CHARACTERS) continue;
      this.#scheduler.add(works, call);
      works = [];
      characters = 0;
      await yieldToLoop();
    }
    this.#scheduler.add(works, call);
  }

  /** The works to queue: none where texts that are finished or in flight answer it, or where a fault ends the call. */
  #admit(input: EmbedInput, waiter: Waiter, { longText, priority }: Terms): Work[] {
    const key = keyOf(input, longText);
    if (this.#equals.join(key, waiter, priority)) return [];
    const { call, index } = waiter;
    try {
      const started = performance.now();
      const { pieces, isCut } = this.#inputs.read(input, index, longText);
      recordStage(this.#profile, 'tokenise', performance.now() - started);
      const [whole] = pieces;
      if (pieces.length === 1 && whole !== undefined)
        return [this.#startWork(key, { tokens: whole, isCut, priority }, waiter)];
      return this.#admitChunks(pieces, waiter, priority);
    } catch (error) {
      call.fail(faultFrom(error));
      return [];
    }
  }

  /** A chunk is to the engine what a list of ids is. */
  #admitChunks(chunks: readonly Int32Array[], { call, index }: Waiter, priority: number): Work[] {
    const mean = new ChunkMean({ call, index, chunks: chunks.length, dimensions: call.dimensions });
    return chunks.flatMap((tokens, chunk) => {
      const waiter = { call: mean, index: chunk };
      const key = keyOf(tokens, null);
      if (this.#equals.join(key, waiter, priority)) return [];
      return [this.#startWork(key, { tokens, isCut: false, priority }, waiter)];
    });
  }

  #startWork(key: string, text: WorkText, waiter: Waiter): Work {
    const work = new Work(text, waiter, this.#scheduler.prefixes.assign(text.tokens));
    this.#equals.add(key, work);
    return work;
  }
}
