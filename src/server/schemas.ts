// JSON Schemas of what the routes take and answer, as data for the API document.
// Requests are checked by embeddings-request.ts, whose sentences name the index and the limit; limits come from there.

import { MAX_INPUTS, MIN_DIMENSIONS } from './embeddings-request.ts';
import { MIN_CHUNK_TOKENS, MIN_TRUNCATED_TOKENS } from './long-text-request.ts';
import { MOST_PRIORITY } from './priority-request.ts';
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
  examples: [{ input: ['What is the capital of China?'], input_type: 'query' }],
  oneOf: [{ required: ['input'] }, { required: ['messages'] }],
  properties: {
    input: {
      description: `A text, up to ${String(MAX_INPUTS)} texts, the token ids of one text, or lists of them`,
      oneOf: [
        text,
        { type: 'array', minItems: 1, maxItems: MAX_INPUTS, items: text },
        tokenIds,
        { type: 'array', minItems: 1, maxItems: MAX_INPUTS, items: tokenIds },
      ],
    },
    model: {
      description: 'Any name; the answer says which model made the vectors',
      type: ['string', 'null'],
    },
    encoding_format: {
      description: 'base64 is little-endian float32',
      enum: ['float', 'base64', null],
      default: 'float',
    },
    dimensions: {
      description: 'Vectors are cut to so many numbers and brought to length 1 again; without it, all',
      type: ['integer', 'null'],
      minimum: MIN_DIMENSIONS,
    },
    messages: {
      description: 'A conversation in place of input: one vector, by the chat template',
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
    add_generation_prompt: {
      description: 'For the chat template',
      type: ['boolean', 'null'],
      default: false,
    },
    chat_template_kwargs: { description: 'For the chat template', type: ['object', 'null'] },
    input_type: {
      description: "query: the model's prompt for queries goes before each text; document: nothing does",
      enum: [...Object.keys(INPUT_TYPES), null],
    },
    instruction: {
      description: 'The task in a sentence, which goes before each text as the model was trained',
      type: ['string', 'null'],
      minLength: 1,
    },
    prompt_name: {
      description: "A prompt of the model's config_sentence_transformers.json",
      type: ['string', 'null'],
    },
    truncate: {
      description: 'What becomes of an input beyond the limit: true and END cut its end, START its beginning',
      enum: [true, false, 'NONE', 'START', 'END', null],
    },
    truncate_prompt_tokens: {
      description: "The limit in tokens, end token included; -1 is the model's context",
      oneOf: [{ enum: [-1, null] }, { type: 'integer', minimum: MIN_TRUNCATED_TOKENS }],
    },
    truncation_side: { description: 'The side that is cut', enum: ['left', 'right', null] },
    truncation_direction: {
      description: 'The same by another name',
      enum: ['left', 'right', 'Left', 'Right', null],
    },
    long_text: { description: "mean: the mean of the vectors of an input's chunks", enum: ['mean', null] },
    chunk_tokens: {
      description: 'Most tokens of a chunk, end token included',
      type: ['integer', 'null'],
      minimum: MIN_CHUNK_TOKENS,
    },
    chunk_overlap: {
      description: 'Tokens that a chunk has of the one before',
      type: ['integer', 'null'],
      minimum: 0,
      default: 0,
    },
    priority: {
      description: 'With --enable-priority-scheduling: which of the requests that wait go first',
      type: ['integer', 'null'],
      minimum: -MOST_PRIORITY,
      maximum: MOST_PRIORITY,
    },
    user: { description: 'Not read', type: ['string', 'null'] },
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

export const METRICS_ANSWER: JsonSchema = { type: 'string', contentMediaType: 'text/plain' };

export const OPENAPI_DOCUMENT: JsonSchema = {
  type: 'object',
  required: ['openapi', 'info', 'paths'],
  properties: { openapi: { const: '3.1.0' }, info: { type: 'object' }, paths: { type: 'object' } },
};

export const LIVE_ANSWER: JsonSchema = {
  type: 'object',
  required: ['status'],
  properties: { status: { enum: ['alive', 'failed'] }, reason: { type: 'string' } },
};

/** Words for a server that takes no requests now. */
export const NOT_READY = ['starting', 'unavailable', 'failed', 'stopping'] as const;

export const READY_ANSWER: JsonSchema = {
  type: 'object',
  required: ['status', 'workers'],
  properties: {
    status: { enum: ['ready', ...NOT_READY] },
    workers: {
      type: 'object',
      description: 'How many there are in each state',
      additionalProperties: { type: 'integer' },
    },
  },
};

export const HEALTH_ANSWER: JsonSchema = {
  type: 'object',
  required: ['status'],
  properties: { status: { enum: ['healthy', ...NOT_READY] } },
};
