// Checks the body of POST /v1/embeddings and reduces it to what an Embedder takes.
// Pure. Strict on types, lenient on unknown fields (clients send their own); null counts as absent.
// Knows nothing of texts' token counts: INPUT_TOO_LONG is the embedder's to raise.

import type { EmbedInput, LongText, ModelFacts } from '../embedder.ts';
import { Fault } from '../faults.ts';
import type { EncodingFormat } from './encode.ts';
import { type Conversation, parseConversation } from './conversation.ts';
import { parseLongText } from './long-text-request.ts';
import { parsePriority } from './priority-request.ts';
import { parsePrompt } from './prompt-request.ts';
import { invalid, isAbsent, isInteger, readFields, shown } from './request-fields.ts';
import { PLAIN_RULES, type RequestRules } from './request-rules.ts';
import { parseRids } from './rid.ts';

/** OpenAI's limit per request. */
export const MAX_INPUTS = 2048;

/** The shortest vector that the Qwen3-Embedding models are trained for. */
export const MIN_DIMENSIONS = 32;

export interface EmbeddingsRequest {
  /** Texts with what goes before them, or token ids; none where there is a conversation. */
  inputs: readonly EmbedInput[];
  conversation: Conversation | null;
  dimensions: number;
  /** What becomes of an input that is too long; null = it is refused. */
  longText: LongText | null;
  /** The higher, the earlier. */
  priority: number;
  encodingFormat: EncodingFormat;
  /** What the sender calls the request, or each of its inputs. */
  rids: readonly string[];
}

/** Faults: INVALID_REQUEST, INPUT_EMPTY, TOO_MANY_INPUTS. */
export function parseEmbeddingsRequest(
  body: unknown,
  model: ModelFacts,
  rules: RequestRules = PLAIN_RULES,
): EmbeddingsRequest {
  const fields = readFields(body);
  checkModelName(fields['model']);
  const request = {
    encodingFormat: parseEncodingFormat(fields['encoding_format']),
    dimensions: parseDimensions(fields['dimensions'], model, rules),
    longText: parseLongText(fields, model, rules),
    priority: parsePriority(fields, rules.priority),
    conversation: parseConversation(fields, rules.templateVariables),
  };
  const inputs = request.conversation === null ? parseInput(fields['input'], model) : [];
  if (request.conversation !== null) checkTakesTexts('messages', rules);
  else if (typeof inputs[0] === 'string') checkTakesTexts('input', rules);
  const prompt = parsePrompt(fields, rules);
  const rids = parseRids(fields, Math.max(1, inputs.length));
  const bare = nameBareInput({ ...request, inputs });
  if (bare === null)
    return { ...request, rids, inputs: inputs.map((text) => `${prompt.text}${String(text)}`) };
  if (prompt.text !== '' && prompt.field !== null)
    throw invalid(prompt.field, `${bare} takes no ${prompt.field}: leave it out`);
  return { ...request, rids, inputs };
}

// Only whole texts take what goes before a text. What the server was launched to put there stays away from the others by
// itself; what the request asks for would be missed.
function nameBareInput({
  longText,
  conversation,
  inputs,
}: Pick<EmbeddingsRequest, 'longText' | 'conversation' | 'inputs'>): string | null {
  const isMean = longText?.way === 'mean';
  if (conversation !== null && isMean)
    throw invalid('long_text', 'long_text "mean" is for texts: chunks of a conversation are none');
  if (conversation !== null) return 'messages';
  if (isMean) return 'long_text "mean"';
  return typeof inputs[0] === 'string' ? null : 'input of token ids';
}

// Any name will do, and none: SGLang never compares it, clients send what their own configuration calls the model,
// and one server has one model. The answer names the model that made the vectors, as SGLang's and OpenAI's do.
function checkModelName(name: unknown): void {
  if (isAbsent(name) || typeof name === 'string') return;
  throw invalid('model', `model must be a string, not ${shown(name)}`);
}

function parseEncodingFormat(format: unknown): EncodingFormat {
  if (isAbsent(format)) return 'float';
  if (format === 'float' || format === 'base64') return format;
  throw invalid('encoding_format', `encoding_format must be "float" or "base64", not ${shown(format)}`);
}

/** What `dimensions` may be. */
export function dimensionsRange({ dimensions }: ModelFacts): { least: number; most: number } {
  return { least: dimensions < MIN_DIMENSIONS ? 1 : MIN_DIMENSIONS, most: dimensions };
}

/** Of a server without a tokenizer. Fault: INVALID_REQUEST. */
export function checkTakesTexts(param: string, { takesTexts }: RequestRules): void {
  if (takesTexts) return;
  throw invalid(param, 'this server takes token ids only: it was launched with --skip-tokenizer-init');
}

function parseDimensions(wanted: unknown, model: ModelFacts, rules: RequestRules): number {
  if (isAbsent(wanted)) return model.dimensions;
  const { least, most } = dimensionsRange(model);
  if (isInteger(wanted) && wanted >= least && wanted <= most) {
    if (rules.dimensions === null || wanted === most || rules.dimensions.includes(wanted)) return wanted;
    const some = rules.dimensions.filter((length) => length < most);
    const allowed = [...some, most].join(', ');
    throw invalid('dimensions', `dimensions may be ${allowed} on this server, not ${shown(wanted)}`);
  }
  const range = `${String(least)} to ${String(most)}`;
  throw invalid('dimensions', `dimensions must be an integer from ${range}, not ${shown(wanted)}`);
}

function parseInput(input: unknown, model: ModelFacts): readonly EmbedInput[] {
  if (isAbsent(input)) throw invalid('input', 'input is required');
  if (typeof input === 'string') return [checkText(input, null)];
  if (!Array.isArray(input)) {
    throw invalid('input', `input must be a string or an array, not ${shown(input)}`);
  }
  const items: readonly unknown[] = input;
  if (items.length === 0) throw new Fault('INPUT_EMPTY', { index: null });
  if (typeof items[0] === 'number') return [checkTokenIds(items, model, null)];
  if (items.length > MAX_INPUTS) {
    throw new Fault('TOO_MANY_INPUTS', { count: items.length, limit: MAX_INPUTS });
  }
  if (typeof items[0] === 'string') return items.map(checkText);
  return items.map((ids, index) => {
    if (!Array.isArray(ids)) throw wrongItem(ids, index, Array.isArray(items[0]) ? ARRAY_OF_IDS : null);
    if (ids.length === 0) throw new Fault('INPUT_EMPTY', { index });
    return checkTokenIds(ids, model, index);
  });
}

const ARRAY_OF_IDS = 'an array of token ids';

function checkText(text: unknown, index: number | null): string {
  if (typeof text !== 'string') throw wrongItem(text, index, 'a string');
  if (text === '') throw new Fault('INPUT_EMPTY', { index });
  return text;
}

// `index` is null where the ids are the whole input.
function checkTokenIds(ids: readonly unknown[], model: ModelFacts, index: number | null): readonly number[] {
  for (const [position, id] of ids.entries()) {
    if (isInteger(id) && id >= 0 && id < model.vocabularySize) continue;
    if (index === null && typeof id !== 'number') throw wrongItem(id, position, 'a token id');
    const place = index === null ? `[${String(position)}]` : `[${String(index)}][${String(position)}]`;
    const range = `0 to ${String(model.vocabularySize - 1)}`;
    throw invalid('input', `input${place} must be a token id, an integer from ${range}, not ${shown(id)}`);
  }
  return ids as readonly number[];
}

// `first` names what input[0] is, where it is something that may be sent.
function wrongItem(value: unknown, index: number | null, first: string | null): Fault {
  const place = `input[${String(index)}]`;
  return first === null || index === 0
    ? invalid('input', `${place} must be a string, a token id or an array of token ids, not ${shown(value)}`)
    : invalid('input', `${place} is ${shown(value)} but input[0] is ${first}: all items must be of one kind`);
}
