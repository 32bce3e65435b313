// Owns the device that a graph runs on: which one, its memory, and regions of that memory that outlive one graph.
// Knows nothing of models. Every allocation that fails is a fault here, so that nobody else meets a null.
import { TENSOR_TYPES, tensorSizeBytes } from '../../convert/gguf.ts';
import { Fault } from '../../faults.ts';
import { shortageOf } from '../devices.ts';
import type { Llama, Pointer } from '../llama-abi.ts';
import { bindGgml, DEVICE_TYPES, type Ggml } from './ggml-abi.ts';

type DeviceKind = keyof typeof DEVICE_TYPES;

export interface Device {
  kind: DeviceKind;
  ggml: Ggml;
  pointer: Pointer;
  bufferType: Pointer;
  name: string;
  /** The fault for an allocation that failed. */
  shortage: (purpose: string, neededBytes: number) => Fault;
}

/** Faults: NATIVE_MISMATCH, ENGINE_FAILED where the libraries see no such device. */
export function openDevice(llama: Llama, kind: DeviceKind): Device {
  const ggml = bindGgml(llama);
  const pointer = ggml.findDevice(DEVICE_TYPES[kind]);
  if (pointer === null) throw new Fault('ENGINE_FAILED', { problem: `the libraries see no ${kind} device` });
  return {
    kind,
    ggml,
    pointer,
    bufferType: ggml.bufferType(pointer),
    name: ggml.deviceName(pointer),
    shortage: (purpose, neededBytes) => shortageOf(llama, { onGpu: kind === 'gpu', purpose, neededBytes }),
  };
}

/** A ggml context for `tensors` descriptions of tensors. */
export function openContext(ggml: Ggml, tensors: number): Pointer {
  return openContextIn(ggml, tensors * ggml.tensorOverhead() + CONTEXT_BYTES, null);
}

/** Room for a graph of `nodes` nodes and as many descriptions of tensors. */
export function graphBytes(ggml: Ggml, nodes: number): number {
  return nodes * ggml.tensorOverhead() + ggml.graphOverhead(nodes, false) + CONTEXT_BYTES;
}

const CONTEXT_BYTES = 1024;

/** `memory` is at least `sizeBytes` long and outlives the context; null = ggml's own. */
export function openContextIn(ggml: Ggml, sizeBytes: number, memory: Pointer | null): Pointer {
  const context = ggml.openContext({ mem_size: sizeBytes, mem_buffer: memory, no_alloc: true });
  if (context === null) throw new Fault('ENGINE_FAILED', { problem: 'no memory for a graph' });
  return context;
}

/** A tensor without memory; `shape` has the fastest dimension first. */
export function describeTensor(
  { ggml, context }: { ggml: Ggml; context: Pointer },
  type: keyof typeof TENSOR_TYPES,
  shape: readonly number[],
): Pointer {
  return ggml.newTensor(context, TENSOR_TYPES[type].id, shape.length, BigInt64Array.from(shape, BigInt));
}

export interface TensorPlan {
  type: keyof typeof TENSOR_TYPES;
  shape: readonly number[];
}

/** Tensors of their own in one buffer of the device, zero at first. */
export class Region {
  readonly tensors: Pointer[];
  readonly buffer: Pointer;
  readonly #ggml: Ggml;
  readonly #context: Pointer;

  /** Faults: MEMORY_SHORT. */
  constructor({ ggml, bufferType, shortage }: Device, plans: readonly TensorPlan[], purpose: string) {
    const context = openContext(ggml, plans.length);
    this.tensors = plans.map(({ type, shape }) => describeTensor({ ggml, context }, type, shape));
    const buffer = ggml.allocateContext(context, bufferType);
    if (buffer === null) {
      ggml.freeContext(context);
      throw shortage(
        purpose,
        plans.reduce((sum, plan) => sum + (tensorSizeBytes(plan) ?? 0), 0),
      );
    }
    ggml.clearBuffer(buffer, 0);
    this.buffer = buffer;
    this.#ggml = ggml;
    this.#context = context;
  }

  close(): void {
    this.#ggml.freeBuffer(this.buffer);
    this.#ggml.freeContext(this.#context);
  }
}
