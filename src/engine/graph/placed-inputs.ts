// Owns the tensors of a graph's inputs: each at its place in the lane's memory for inputs, made when first asked for.
import { Fault } from '../../faults.ts';
import type { Pointer } from '../llama-abi.ts';
import type { Device, Region } from './device.ts';
import type { InputPlan } from './inputs.ts';
import type { Sketch } from './sketch.ts';

export class PlacedInputs {
  /** All inputs as one tensor of bytes. */
  readonly bytes: Pointer;
  readonly #device: Device;
  readonly #sketch: Sketch;
  readonly #buffer: Pointer;
  readonly #address: Pointer;
  readonly #tensors = new Map<InputPlan, Pointer>();

  /** `region` holds one tensor, of bytes. */
  constructor(device: Device, sketch: Sketch, region: Region) {
    const [bytes] = region.tensors;
    if (bytes === undefined) throw new Fault('BUG', { problem: 'no memory for inputs' });
    this.bytes = bytes;
    this.#device = device;
    this.#sketch = sketch;
    this.#buffer = region.buffer;
    this.#address = device.ggml.bufferBase(region.buffer);
  }

  get(plan: InputPlan): Pointer {
    const known = this.#tensors.get(plan);
    if (known !== undefined) return known;
    const tensor = this.#sketch.tensor(plan.type, plan.shape);
    const address = this.#address + BigInt(plan.offset);
    if (this.#device.ggml.placeTensor(this.#buffer, tensor, address) !== 0)
      throw new Fault('ENGINE_FAILED', { problem: 'the inputs of a graph have no room' });
    this.#tensors.set(plan, tensor);
    return tensor;
  }
}
