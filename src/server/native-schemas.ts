// JSON Schemas of SGLang's own routes, as data for the API document; OpenAI's are in schemas.ts.

import { MAX_INPUTS, MIN_DIMENSIONS } from './embeddings-request.ts';
import { type JsonSchema, NOT_READY } from './schemas.ts';

const count: JsonSchema = { type: 'integer', minimum: 0 };
const text: JsonSchema = { type: 'string' };
const tokenIds: JsonSchema = { type: 'array', items: count };

/** The value alone, or a list of such values. */
const oneOrMany = (one: JsonSchema, limit: { maxItems?: number } = {}): JsonSchema => ({
  oneOf: [one, { type: 'array', items: one, ...limit }],
});

/** An object that has all of these fields, perhaps others. */
const objectOf = (properties: Record<string, JsonSchema>): JsonSchema => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
});

export const ENCODE_BODY: JsonSchema = {
  type: 'object',
  oneOf: [{ required: ['text'] }, { required: ['input_ids'] }],
  properties: {
    text: oneOrMany({ type: 'string', minLength: 1 }, { maxItems: MAX_INPUTS }),
    input_ids: oneOrMany(tokenIds, { maxItems: MAX_INPUTS }),
    dimensions: { type: ['integer', 'null'], minimum: MIN_DIMENSIONS },
    rid: oneOrMany(text),
  },
};

export const ENCODE_ANSWER: JsonSchema = oneOrMany(
  objectOf({
    embedding: { type: 'array', items: { type: 'number' } },
    meta_info: objectOf({
      id: text,
      finish_reason: { type: 'null' },
      prompt_tokens: count,
      weight_version: text,
      num_retractions: { const: 0 },
      e2e_latency: { type: 'number' },
    }),
  }),
);

export const TOKENIZE_BODY: JsonSchema = {
  type: 'object',
  required: ['prompt'],
  properties: {
    prompt: oneOrMany(text, { maxItems: MAX_INPUTS }),
    add_special_tokens: { type: 'boolean', default: true },
  },
};

export const TOKENIZE_ANSWER: JsonSchema = objectOf({
  tokens: oneOrMany(tokenIds),
  count: oneOrMany(count),
  max_model_len: count,
});

export const DETOKENIZE_BODY: JsonSchema = {
  type: 'object',
  required: ['tokens'],
  properties: {
    tokens: oneOrMany(tokenIds, { maxItems: MAX_INPUTS }),
    skip_special_tokens: { type: 'boolean', default: true },
  },
};

export const DETOKENIZE_ANSWER: JsonSchema = objectOf({ text: oneOrMany(text) });

export const ABORT_BODY: JsonSchema = {
  type: 'object',
  anyOf: [{ required: ['rid'] }, { required: ['abort_all'] }],
  properties: { rid: text, abort_all: { type: 'boolean', default: false } },
};

export const MODEL_INFO: JsonSchema = objectOf({
  model_path: text,
  tokenizer_path: text,
  is_generation: { const: false },
  preferred_sampling_params: {},
  weight_version: text,
  has_image_understanding: { const: false },
  has_audio_understanding: { const: false },
  model_type: text,
  architectures: { type: 'array', items: text },
});

export const LOADS: JsonSchema = {
  type: 'array',
  items: objectOf({
    dp_rank: count,
    num_reqs: count,
    num_waiting_reqs: count,
    num_tokens: count,
    num_pending_tokens: count,
    ts_tic: { type: 'number' },
  }),
};

export const SERVER_INFO: JsonSchema = objectOf({
  status: { enum: ['ready', ...NOT_READY] },
  version: text,
  model_path: text,
  served_model_name: text,
  tp_size: count,
  dp_size: count,
  max_req_input_len: { type: ['integer', 'null'] },
  load_balance_method: text,
  disaggregation_mode: { const: 'null' },
  kv_events: { type: 'null' },
  speculative_algorithm: { type: 'null' },
  load: objectOf({
    num_running_reqs: count,
    num_queue_reqs: count,
    num_requests_total: count,
    num_inputs_total: count,
    prompt_tokens_total: count,
  }),
  internal_states: { type: 'array' },
});

/** An answer that is a sentence or nothing. */
export const PLAIN_TEXT: JsonSchema = { type: 'string', contentMediaType: 'text/plain' };
export const HTML: JsonSchema = { type: 'string', contentMediaType: 'text/html' };
export const NOTHING: JsonSchema = { type: 'string', maxLength: 0 };
export const SENTENCE: JsonSchema = { type: 'string' };
