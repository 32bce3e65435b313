// Owns one model in this process: an Embedder on llama.cpp. Wires tokenizer, scheduler and lanes, and checks inputs.
// Knows nothing of sockets, processes or HTTP. A failed assertion in llama.cpp ends the process, which is why the
// product runs engines in worker processes.
// Order of work: tokenise -> queue -> (a lane is free) batch -> decode -> cut and normalise -> answer.
import {
  emptyProfile,
  type EmbedInput,
  type EmbedOptions,
  type Embedder,
  type Embeddings,
  type ModelFacts,
  type Note,
  type Profile,
  type TokenOptions,
} from '../embedder.ts';
import { Fault } from '../faults.ts';
import { Call } from './call.ts';
import { openCompute, type Compute, type ComputeKind } from './compute.ts';
import { DecodeWatch } from './decode-watch.ts';
import { Detokenizer } from './detokenizer.ts';
import { InputReader, isLong } from './input-reader.ts';
import { Intake } from './intake.ts';
import { type Backend, findLibraries } from './libraries.ts';
import type { LaneLimits } from './lane-shapes.ts';
import { type Llama, LOG_LEVEL_WARN, openLlama } from './llama-abi.ts';
import { type ModelFile, readModelFile } from './model-file.ts';
import type { SchedulePolicy } from './schedule-policy.ts';
import { Scheduler } from './scheduler.ts';
import { NO_TOKENIZER, Tokenizer, type TextReader } from './tokenizer.ts';
import { mapInTurns } from './turns.ts';

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
  /** Threads that compute one decode, or several at the same time together. */
  threads: number;
  /** Decodes that run at the same time on the one loaded model. */
  lanes: number;
  /** A decode has its share of the threads even while it is the only one. */
  steadyThreads: boolean;
  /** Order of texts that wait for a batch. */
  schedulePolicy: SchedulePolicy;
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

class Engine implements Embedder {
  readonly model: ModelFacts;
  readonly #intake: Intake;
  readonly #tokenizer: TextReader;
  readonly #file: ModelFile;
  readonly #compute: Compute;
  readonly #scheduler: Scheduler;
  readonly #profile = emptyProfile();
  readonly #calls = new Set<Promise<unknown>>();
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
    const compute = openCompute({ ...settings, llama, file, profile: this.#profile });
    this.#compute = compute;
    this.#scheduler = new Scheduler({
      ...settings,
      profile: this.#profile,
      openLane: (shape) => compute.openLane(shape),
      seeksCompany: settings.gpuLayers !== 0,
      watch: new DecodeWatch({ timeoutMs: settings.decodeTimeoutMs ?? null, onHang, onNote }),
      onNote,
    });
    this.#intake = new Intake({
      reader: new InputReader({
        tokenizer: this.#tokenizer,
        endToken: file.endToken,
        model: this.model,
      }),
      scheduler: this.#scheduler,
      cachedVectors: settings.cachedVectors,
      profile: this.#profile,
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
        this.#intake.queue(call, inputs, {
          longText: options.longText ?? null,
          priority: options.priority ?? 0,
        }),
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
    const isOver = () => this.#closing !== null;
    const read = async (text: string): Promise<number[]> => {
      this.#checkOpen();
      const tokenizer = this.#tokenizer;
      const ids = isLong(text) ? await tokenizer.tokeniseInTurns(text, isOver) : tokenizer.tokenise(text);
      this.#checkOpen();
      return Array.from(special ? ids : ids.subarray(0, -1));
    };
    return mapInTurns(texts, read);
  }

  detokenise(idLists: readonly (readonly number[])[], { special }: TokenOptions): Promise<string[]> {
    const detokenizer = (this.#detokenizer ??= new Detokenizer(this.#file.header.metadata));
    return mapInTurns(idLists, (ids) => detokenizer.detokenise(ids, special));
  }

  forget(): Promise<void> {
    this.#intake.forget();
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
    await this.#tokenizer.close();
    this.#compute.close();
  }
}
