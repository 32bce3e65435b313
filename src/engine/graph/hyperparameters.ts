// Owns what the graph must know of a model beside its weights, read from the .gguf's metadata, and the refusal of what
// the graph does not compute: llama.cpp would know scaled rotary embeddings or biases, the graph would leave them out.
import { Fault } from '../../faults.ts';
import type { ModelFile, ModelShape } from '../model-file.ts';

export interface Hyperparameters extends ModelShape {
  contextTokens: number;
  ropeBase: number;
  epsilon: number;
}

const KNOWN_TENSOR =
  /^(?:token_embd|output_norm|output|blk\.\d+\.(?:attn_(?:norm|q|k|v|q_norm|k_norm|output)|ffn_(?:norm|gate|up|down)))\.weight$/;

/** Faults: MODEL_UNSUPPORTED. */
export function readHyperparameters({ path, header, facts, shape }: ModelFile): Hyperparameters {
  const { metadata, tensors } = header;
  const refuse = (problem: string): never => {
    throw new Fault('MODEL_UNSUPPORTED', { path, problem });
  };
  const optional = (key: string): number | null => {
    const value = metadata.get(`qwen3.${key}`);
    return typeof value?.value === 'number' ? value.value : null;
  };
  const number = (key: string): number => optional(key) ?? refuse(`it has no qwen3.${key}`);
  const unknown = tensors.find(({ name }) => !KNOWN_TENSOR.test(name));
  if (unknown !== undefined) refuse(`it has a tensor ${unknown.name} that no Qwen3-Embedding model has`);
  const scaling = metadata.get('qwen3.rope.scaling.type');
  if (scaling !== undefined && scaling.value !== 'none') refuse('it scales its rotary embeddings');
  if ((optional('rope.dimension_count') ?? shape.headDim) !== shape.headDim)
    refuse('it rotates only a part of each head');
  return {
    ...shape,
    contextTokens: facts.contextTokens,
    ropeBase: number('rope.freq_base'),
    epsilon: number('attention.layer_norm_rms_epsilon'),
  };
}
