// The part of ggml's C ABI that the engine's own graph is made of: signatures and constants, beside llama-abi.ts the only
// file that knows them. Tensors, graphs, buffers and backends are opaque pointers to everybody else.
// ggml ends the process on a wrong shape; who calls these functions must have made the shapes fit.
import type { Llama, Pointer } from '../llama-abi.ts';

type Nullable = Pointer | null;
type Create = (context: Pointer, a: Pointer, b: Pointer) => Pointer;

export const DEVICE_TYPES = { cpu: 0, gpu: 1 } as const;
export const USAGE_WEIGHTS = 1;

/** Binds the functions. Faults: NATIVE_MISMATCH. */
export function bindGgml({ bindGgml: bind, setThreads, address }: Llama) {
  return {
    setThreads,
    address,
    ...bindTensors(bind),
    ...bindOperations(bind),
    ...bindGraphs(bind),
    ...bindDevices(bind),
  };
}

export type Ggml = ReturnType<typeof bindGgml>;
type Bind = Llama['bindGgml'];

function bindTensors(bind: Bind) {
  return {
    openContext: bind<(params: { mem_size: number; mem_buffer: Nullable; no_alloc: boolean }) => Nullable>(
      'base',
      'void *ggml_init(ggml_init_params params)',
    ),
    freeContext: bind<(context: Pointer) => void>('base', 'void ggml_free(void *context)'),
    tensorOverhead: bind<() => number>('base', 'size_t ggml_tensor_overhead()'),
    newTensor: bind<(context: Pointer, type: number, dimensions: number, shape: BigInt64Array) => Pointer>(
      'base',
      'void *ggml_new_tensor(void *context, int type, int dimensions, const void *shape)',
    ),
    view2d: bind<
      (
        context: Pointer,
        tensor: Pointer,
        ne0: number,
        ne1: number,
        rowBytes: number,
        offset: number,
      ) => Pointer
    >(
      'base',
      'void *ggml_view_2d(void *context, void *tensor, int64_t ne0, int64_t ne1, size_t nb1, size_t offset)',
    ),
    view3d: bind<
      (
        context: Pointer,
        tensor: Pointer,
        ne0: number,
        ne1: number,
        ne2: number,
        nb1: number,
        nb2: number,
        offset: number,
      ) => Pointer
    >(
      'base',
      'void *ggml_view_3d(void *context, void *tensor, int64_t ne0, int64_t ne1, int64_t ne2, size_t nb1, size_t nb2, size_t offset)',
    ),
    view4d: bind<
      (
        context: Pointer,
        tensor: Pointer,
        ne0: number,
        ne1: number,
        ne2: number,
        ne3: number,
        nb1: number,
        nb2: number,
        nb3: number,
        offset: number,
      ) => Pointer
    >(
      'base',
      'void *ggml_view_4d(void *context, void *tensor, int64_t ne0, int64_t ne1, int64_t ne2, int64_t ne3, size_t nb1, size_t nb2, size_t nb3, size_t offset)',
    ),
    reshape2d: bind<(context: Pointer, tensor: Pointer, ne0: number, ne1: number) => Pointer>(
      'base',
      'void *ggml_reshape_2d(void *context, void *tensor, int64_t ne0, int64_t ne1)',
    ),
    operationName: bind<(tensor: Pointer) => string>('base', 'const char *ggml_op_desc(void *tensor)'),
    setTensor: bind<(tensor: Pointer, data: ArrayBufferView, offset: number, size: number) => void>(
      'base',
      'void ggml_backend_tensor_set(void *tensor, const void *data, size_t offset, size_t size)',
    ),
    getTensor: bind<(tensor: Pointer, data: ArrayBufferView, offset: number, size: number) => void>(
      'base',
      'void ggml_backend_tensor_get(const void *tensor, void *data, size_t offset, size_t size)',
    ),
  };
}

function bindOperations(bind: Bind) {
  const two = (name: string) =>
    bind<Create>('base', `void *${name}(void *context, void *first, void *second)`);
  return {
    getRows: two('ggml_get_rows'),
    multiplyMatrix: two('ggml_mul_mat'),
    multiply: two('ggml_mul'),
    add: two('ggml_add'),
    swigluSplit: two('ggml_swiglu_split'),
    swiglu: bind<(context: Pointer, a: Pointer) => Pointer>(
      'base',
      'void *ggml_swiglu(void *context, void *both)',
    ),
    setRows: bind<(context: Pointer, target: Pointer, source: Pointer, rows: Pointer) => Pointer>(
      'base',
      'void *ggml_set_rows(void *context, void *target, void *source, void *rows)',
    ),
    rmsNorm: bind<(context: Pointer, a: Pointer, epsilon: number) => Pointer>(
      'base',
      'void *ggml_rms_norm(void *context, void *tensor, float epsilon)',
    ),
    rope: bind<
      (
        context: Pointer,
        a: Pointer,
        positions: Pointer,
        factors: null,
        dimensions: number,
        mode: number,
        originalContext: number,
        base: number,
        scale: number,
        extension: number,
        attention: number,
        betaFast: number,
        betaSlow: number,
      ) => Pointer
    >(
      'base',
      'void *ggml_rope_ext(void *context, void *tensor, void *positions, void *factors, int dimensions, int mode, int original, float base, float scale, float extension, float attention, float fast, float slow)',
    ),
    attention: bind<
      (
        context: Pointer,
        q: Pointer,
        k: Pointer,
        v: Pointer,
        mask: Nullable,
        scale: number,
        maxBias: number,
        softcap: number,
      ) => Pointer
    >(
      'base',
      'void *ggml_flash_attn_ext(void *context, void *q, void *k, void *v, void *mask, float scale, float max_bias, float softcap)',
    ),
  };
}

function bindGraphs(bind: Bind) {
  return {
    graphOverhead: bind<(nodes: number, gradients: boolean) => number>(
      'base',
      'size_t ggml_graph_overhead_custom(size_t nodes, bool gradients)',
    ),
    newGraph: bind<(context: Pointer, nodes: number, gradients: boolean) => Pointer>(
      'base',
      'void *ggml_new_graph_custom(void *context, size_t nodes, bool gradients)',
    ),
    expand: bind<(graph: Pointer, tensor: Pointer) => void>(
      'base',
      'void ggml_build_forward_expand(void *graph, void *tensor)',
    ),
    countNodes: bind<(graph: Pointer) => number>('base', 'int ggml_graph_n_nodes(void *graph)'),
    getNode: bind<(graph: Pointer, index: number) => Pointer>(
      'base',
      'void *ggml_graph_node(void *graph, int index)',
    ),
    markOutput: bind<(tensor: Pointer) => void>('base', 'void ggml_set_output(void *tensor)'),
    openAllocator: bind<(bufferType: Pointer) => Pointer>(
      'base',
      'void *ggml_gallocr_new(void *buffer_type)',
    ),
    allocateGraph: bind<(allocator: Pointer, graph: Pointer) => boolean>(
      'base',
      'bool ggml_gallocr_alloc_graph(void *allocator, void *graph)',
    ),
    allocatedBytes: bind<(allocator: Pointer, buffer: number) => number>(
      'base',
      'size_t ggml_gallocr_get_buffer_size(void *allocator, int buffer)',
    ),
    freeAllocator: bind<(allocator: Pointer) => void>('base', 'void ggml_gallocr_free(void *allocator)'),
    compute: bind<(backend: Pointer, graph: Pointer) => number>(
      'base',
      'int ggml_backend_graph_compute(void *backend, void *graph)',
    ),
  };
}

function bindDevices(bind: Bind) {
  return {
    allocateContext: bind<(context: Pointer, bufferType: Pointer) => Nullable>(
      'base',
      'void *ggml_backend_alloc_ctx_tensors_from_buft(void *context, void *buffer_type)',
    ),
    placeTensor: bind<(buffer: Pointer, tensor: Pointer, address: Pointer) => number>(
      'base',
      'int ggml_backend_tensor_alloc(void *buffer, void *tensor, void *address)',
    ),
    bufferBase: bind<(buffer: Pointer) => Pointer>(
      'base',
      'void *ggml_backend_buffer_get_base(void *buffer)',
    ),
    setUsage: bind<(buffer: Pointer, usage: number) => void>(
      'base',
      'void ggml_backend_buffer_set_usage(void *buffer, int usage)',
    ),
    clearBuffer: bind<(buffer: Pointer, value: number) => void>(
      'base',
      'void ggml_backend_buffer_clear(void *buffer, uint8_t value)',
    ),
    freeBuffer: bind<(buffer: Pointer) => void>('base', 'void ggml_backend_buffer_free(void *buffer)'),
    findDevice: bind<(type: number) => Nullable>('ggml', 'void *ggml_backend_dev_by_type(int type)'),
    openBackend: bind<(device: Pointer, params: null) => Nullable>(
      'base',
      'void *ggml_backend_dev_init(void *device, const char *params)',
    ),
    freeBackend: bind<(backend: Pointer) => void>('base', 'void ggml_backend_free(void *backend)'),
    bufferType: bind<(device: Pointer) => Pointer>(
      'base',
      'void *ggml_backend_dev_buffer_type(void *device)',
    ),
    deviceName: bind<(device: Pointer) => string>('base', 'const char *ggml_backend_dev_name(void *device)'),
    supports: bind<(device: Pointer, node: Pointer) => boolean>(
      'base',
      'bool ggml_backend_dev_supports_op(void *device, const void *node)',
    ),
    deviceRegistry: bind<(device: Pointer) => Pointer>(
      'base',
      'void *ggml_backend_dev_backend_reg(void *device)',
    ),
    findProcedure: bind<(registry: Pointer, name: string) => Nullable>(
      'base',
      'void *ggml_backend_reg_get_proc_address(void *registry, const char *name)',
    ),
  };
}
