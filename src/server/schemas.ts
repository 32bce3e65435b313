// JSON Schemas of what the routes take and answer, as data for the API document.
// Requests are checked by embeddings-request.ts, whose sentences name the index and the limit; limits come from there.

import { MAX_INPUTS, MIN_DIMENSIONS } from './embeddings-request.ts';
import { MIN_CHUNK_TOKENS, MIN_TRUNCATED_TOKENS } from './long-text-request.ts';
import { INPUT_TYPES } from './prompt-request.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

const tokenIds: JsonSchema = { type: 'array', minItems: 1, items: { type: 'integer', minimum: 0 } };
const TEXT_PART: JsonSchema = {
  type: 'object',
  required: ['type', 'text'],
  properties: { type: { const: 'text' }, text: { type: 'string' } },
};
const text: JsonSchema = { type: 'string', minLength: 1 };

export const EMBEDDINGS_BODY: JsonSchema = {
  type: 'object',
  oneOf: [{ required: ['input'] }, { required: ['messages'] }],
  properties: {
    input: {
      oneOf: [
        text,
        { type: 'array', minItems: 1, maxItems: MAX_INPUTS, items: text },
        tokenIds,
        { type: 'array', minItems: 1, maxItems: MAX_INPUTS, items: tokenIds },
      ],
    },
    model: { type: ['string', 'null'] },
    encoding_format: { enum: ['float', 'base64', null], default: 'float' },
    dimensions: { type: ['integer', 'null'], minimum: MIN_DIMENSIONS },
    messages: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['role', 'content'],
        properties: {
          role: { type: 'string' },
          content: { oneOf: [{ type: 'string' }, { type: 'array', items: TEXT_PART }] },
        },
      },
    },
    add_generation_prompt: { type: ['boolean', 'null'], default: false },
    chat_template_kwargs: { type: ['object', 'null'] },
    input_type: { enum: [...Object.keys(INPUT_TYPES), null] },
    instruction: { type: ['string', 'null'], minLength: 1 },
    prompt_name: { type: ['string', 'null'] },
    truncate: { enum: [true, false, 'NONE', 'START', 'END', null] },
    truncate_prompt_tokens: {
      oneOf: [{ enum: [-1, null] }, { type: 'integer', minimum: MIN_TRUNCATED_TOKENS }],
    },
    truncation_side: { enum: ['left', 'right', null] },
    truncation_direction: { enum: ['left', 'right', 'Left', 'Right', null] },
    long_text: { enum: ['mean', null] },
    chunk_tokens: { type: ['integer', 'null'], minimum: MIN_CHUNK_TOKENS },
    chunk_overlap: { type: ['integer', 'null'], minimum: 0, default: 0 },
    user: { type: ['string', 'null'] },
  },
};

const count: JsonSchema = { type: 'integer', minimum: 0 };

export const EMBEDDINGS_ANSWER: JsonSchema = {
  type: 'object',
  required: ['object', 'data', 'model', 'usage'],
  properties: {
    object: { const: 'list' },
    data: {
      type: 'array',
      items: {
        type: 'object',
        required: ['object', 'index', 'embedding'],
        properties: {
          object: { const: 'embedding' },
          index: count,
          embedding: {
            oneOf: [
              { type: 'array', items: { type: 'number' } },
              { type: 'string', contentEncoding: 'base64' },
            ],
          },
        },
      },
    },
    model: { type: 'string' },
    usage: {
      type: 'object',
      required: ['prompt_tokens', 'total_tokens'],
      properties: { prompt_tokens: count, total_tokens: count },
    },
  },
};

export const MODEL_CARD: JsonSchema = {
  type: 'object',
  required: ['id', 'object', 'created', 'owned_by'],
  properties: {
    id: { type: 'string' },
    object: { const: 'model' },
    created: { type: 'integer' },
    owned_by: { type: 'string' },
    max_model_len: { type: 'integer' },
  },
};

export const MODEL_LIST: JsonSchema = {
  type: 'object',
  required: ['object', 'data'],
  properties: { object: { const: 'list' }, data: { type: 'array', items: MODEL_CARD } },
};

/** The one answer that is no JSON. */
export const METRICS_ANSWER: JsonSchema = { type: 'string', contentMediaType: 'text/plain' };

export const HEALTH_ANSWER: JsonSchema = {
  type: 'object',
  required: ['status'],
  properties: { status: { enum: ['healthy', 'starting', 'unavailable', 'stopping'] } },
};
