// The other half of llama.cpp's C ABI: function signatures and constants (llama-layout.ts has the structs).
// Everything else in the engine sees typed functions and opaque pointers.
// `openLlama` proves the layouts against the library's own defaults before anything is called with them;
// `scripts/check-abi.ts` compares them with llama.h when the pin moves.
import koffi, { type KoffiFunc, type LibraryHandle } from 'koffi';
import type { TensorType } from '../convert/gguf.ts';
import { Fault } from '../faults.ts';
import type { LibrarySet } from './libraries.ts';
import {
  findLayoutDifference,
  KNOWN_CONTEXT_DEFAULTS,
  KNOWN_MODEL_DEFAULTS,
  LOG_CALLBACK,
  SET_THREADS,
  type Batch,
  type ContextParams,
  type ModelParams,
} from './llama-layout.ts';

/** An address in native memory; 0n never occurs (null does). */
export type Pointer = bigint;
type Nullable = Pointer | null;

export const FLASH_ATTENTION = { auto: -1, off: 0, on: 1 } as const;
export const LOG_LEVEL_WARN = 3;

type Library = LibraryHandle;

function bindFunctions(llama: Library, base: Library) {
  const of = <F extends (...args: never[]) => unknown>(library: Library, signature: string) =>
    library.func(signature) as unknown as KoffiFunc<F>;
  return {
    backendInit: of<() => void>(llama, 'void llama_backend_init()'),
    modelDefaults: of<() => ModelParams>(llama, 'llama_model_params llama_model_default_params()'),
    contextDefaults: of<() => ContextParams>(llama, 'llama_context_params llama_context_default_params()'),
    loadModel: of<(path: string, params: ModelParams) => Nullable>(
      llama,
      'void *llama_model_load_from_file(const char *path, llama_model_params params)',
    ),
    initModel: of<
      (header: Pointer, setData: (tensor: Pointer) => void, userData: null, params: ModelParams) => Nullable
    >(
      llama,
      'void *llama_model_init_from_user(void *header, llama_model_set_tensor_data *set, void *userdata, llama_model_params params)',
    ),
    freeModel: of<(model: Pointer) => void>(llama, 'void llama_model_free(void *model)'),
    getVocabulary: of<(model: Pointer) => Pointer>(llama, 'void *llama_model_get_vocab(void *model)'),
    tokenize: of<
      (
        vocabulary: Pointer,
        text: Uint8Array,
        length: number,
        out: Int32Array,
        max: number,
        add: false,
        parse: false,
      ) => number
    >(
      llama,
      'int32_t llama_tokenize(void *vocab, const void *text, int32_t len, void *tokens, int32_t max, bool add_special, bool parse_special)',
    ),
    initContext: of<(model: Pointer, params: ContextParams) => Nullable>(
      llama,
      'void *llama_init_from_model(void *model, llama_context_params params)',
    ),
    freeContext: of<(context: Pointer) => void>(llama, 'void llama_free(void *context)'),
    setContextThreads: of<(context: Pointer, forOne: number, forBatches: number) => void>(
      llama,
      'void llama_set_n_threads(void *context, int32_t n_threads, int32_t n_threads_batch)',
    ),
    getMemory: of<(context: Pointer) => Pointer>(llama, 'void *llama_get_memory(void *context)'),
    removeSequence: of<(memory: Pointer, sequence: number, from: number, to: number) => boolean>(
      llama,
      'bool llama_memory_seq_rm(void *memory, int32_t sequence, int32_t from, int32_t to)',
    ),
    copySequence: of<(memory: Pointer, source: number, target: number, from: number, to: number) => void>(
      llama,
      'void llama_memory_seq_cp(void *memory, int32_t source, int32_t target, int32_t from, int32_t to)',
    ),
    decode: of<(context: Pointer, batch: Batch) => number>(
      llama,
      'int32_t llama_decode(void *context, llama_batch batch)',
    ),
    getEmbedding: of<(context: Pointer, sequence: number) => Nullable>(
      llama,
      'void *llama_get_embeddings_seq(void *context, int32_t sequence)',
    ),
    setLog: of<(callback: Pointer, userData: null) => void>(
      llama,
      'void llama_log_set(ggml_log_callback *callback, void *userdata)',
    ),
    maxSequences: of<() => number>(llama, 'size_t llama_max_parallel_sequences()'),
    openHeader: of<(bytes: Uint8Array, size: number, params: { no_alloc: boolean; ctx: null }) => Nullable>(
      base,
      'void *gguf_init_from_buffer(const void *data, size_t size, gguf_init_params params)',
    ),
    freeHeader: of<(header: Pointer) => void>(base, 'void gguf_free(void *header)'),
    tensorName: of<(tensor: Pointer) => string>(base, 'const char *ggml_get_name(void *tensor)'),
    tensorBytes: of<(tensor: Pointer) => number>(base, 'size_t ggml_nbytes(void *tensor)'),
    setTensor: of<(tensor: Pointer, data: Uint8Array, offset: number, size: number) => void>(
      base,
      'void ggml_backend_tensor_set(void *tensor, const void *data, size_t offset, size_t size)',
    ),
  };
}

/** The library's own conversion of one row of each type to float32; F32 needs none. */
const ROW_CONVERTERS: Partial<Record<TensorType, string>> = {
  F16: 'ggml_fp16_to_fp32_row',
  BF16: 'ggml_bf16_to_fp32_row',
  Q4_0: 'dequantize_row_q4_0',
  Q4_1: 'dequantize_row_q4_1',
  Q5_0: 'dequantize_row_q5_0',
  Q5_1: 'dequantize_row_q5_1',
  Q8_0: 'dequantize_row_q8_0',
  Q2_K: 'dequantize_row_q2_K',
  Q3_K: 'dequantize_row_q3_K',
  Q4_K: 'dequantize_row_q4_K',
  Q5_K: 'dequantize_row_q5_K',
  Q6_K: 'dequantize_row_q6_K',
  IQ4_NL: 'dequantize_row_iq4_nl',
  IQ4_XS: 'dequantize_row_iq4_xs',
};

/** A function of the libraries: called in place, or with `.async` on a thread of its own. */
type NativeFunction<F extends (...args: never[]) => unknown> = KoffiFunc<F>;

/** Converts one row of `count` elements at `source` to float32 at `target`. */
export type RowConverter = (source: Pointer, target: Pointer, count: number) => void;

export type Llama = ReturnType<typeof openLlama>;

function loadLibraries(set: LibrarySet) {
  try {
    // In order of dependence: a library already loaded satisfies the next one's search by name on every platform.
    return { base: koffi.load(set.ggmlBase), ggml: koffi.load(set.ggml), llama: koffi.load(set.llama) };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new Fault(
      'NATIVE_MISSING',
      { platform: `${process.platform}-${process.arch}`, problem },
      { cause: error },
    );
  }
}

/** Turns a name that a library lacks into NATIVE_MISMATCH. */
function bindOrFault<T>(library: string, bind: () => T): T {
  try {
    return bind();
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new Fault('NATIVE_MISMATCH', { library, problem }, { cause: error });
  }
}

/**
 * Loads the libraries, proves their layouts, initialises the backends in their folder.
 * `onLog(level, text)` gets llama.cpp's lines, possibly in parts; it is called on this thread only.
 * Faults: NATIVE_MISSING, NATIVE_MISMATCH.
 */
export function openLlama(set: LibrarySet, onLog: (level: number, text: string) => void) {
  const { base, ggml, llama } = loadLibraries(set);
  const functions = bindOrFault(set.llama, () => bindFunctions(llama, base));
  const modelDefaults = functions.modelDefaults();
  const contextDefaults = functions.contextDefaults();
  const difference =
    findLayoutDifference(modelDefaults, KNOWN_MODEL_DEFAULTS) ??
    findLayoutDifference(contextDefaults, KNOWN_CONTEXT_DEFAULTS);
  if (difference !== null) throw new Fault('NATIVE_MISMATCH', { library: set.llama, problem: difference });

  functions.setLog(koffi.register(onLog, koffi.pointer(LOG_CALLBACK)), null);
  functions.backendInit();
  (ggml.func('void ggml_backend_load_all_from_path(const char *folder)') as (folder: string) => void)(
    set.folder,
  );
  const deviceCount = ggml.func('size_t ggml_backend_dev_count()') as () => number;
  if (deviceCount() === 0)
    throw new Fault('NATIVE_MISMATCH', {
      library: set.folder,
      problem: 'it holds no backend for this processor',
    });

  return {
    ...functions,
    modelParams: (changes: Partial<ModelParams>): ModelParams => ({ ...modelDefaults, ...changes }),
    contextParams: (changes: Partial<ContextParams>): ContextParams => ({ ...contextDefaults, ...changes }),
    /** null for F32, which needs no conversion; undefined where the library has none. */
    rowConverter: (type: TensorType): RowConverter | null | undefined => {
      if (type === 'F32') return null;
      const name = ROW_CONVERTERS[type];
      return name === undefined
        ? undefined
        : (base.func(name, 'void', ['void *', 'void *', 'int64']) as RowConverter);
    },
    /** A function of ggml by its C signature; graph/ggml-abi.ts has them. Faults: NATIVE_MISMATCH. */
    bindGgml: <F extends (...args: never[]) => unknown>(library: 'base' | 'ggml', signature: string) =>
      bindOrFault(library === 'base' ? set.ggmlBase : set.ggml, () => {
        const handle = library === 'base' ? base : ggml;
        return handle.func(signature) as unknown as NativeFunction<F>;
      }),
    /** Calls a backend's own setter, which is known by its address only. */
    setThreads: (setter: Pointer, backend: Pointer, threads: number): void => {
      koffi.call(setter, SET_THREADS, backend, threads);
    },
    address: (memory: ArrayBufferView): Pointer => koffi.address(memory),
    /** A view of native memory, valid as long as llama.cpp keeps it. */
    viewFloats: (pointer: Pointer, count: number): Float32Array =>
      new Float32Array(koffi.view(pointer, count * 4)),
  };
}

/** Parameters of a load whose weights this program hands over itself: no mapping, no repacking buffers. */
export const HANDED_OVER = { load_mode: 0, use_extra_bufts: false } as const;
