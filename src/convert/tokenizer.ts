// tokenizer.json and tokenizer_config.json -> the vocabulary as llama.cpp wants it: tokens by id, their types, merges.
// Refuses tokenizers that are no Qwen byte-level BPE, by their structure (tokenizer-structure.ts): a digest of encoded text,
// as the reference takes it, would also refuse fine-tunes that only changed the post-processor.
// Pure: takes parsed JSON, vocabulary and merges as bytes if tokenizer-bulk.ts could take them. Which tokens end a text
// is in special-tokens.ts.

import { Fault } from '../faults.ts';
import { isObject, type JsonObject } from '../json-object.ts';
import { i32Array, stringArray, type GgufValue } from './gguf.ts';
import { NORMALISED_TOKENS_KEY, TOKEN_TYPES } from './qwen3.ts';
import type { TokenizerBulk } from './tokenizer-bulk.ts';
import { checkAddedToken, checkStructure } from './tokenizer-structure.ts';

/** Added tokens that are control tokens whatever their `special` flag says: by name, or by how they begin and end. */
const SPECIAL_NAMES = ['<pad>', '<mask>', '<2mass>', '[@BOS@]'];
const SPECIAL_ENDS = [
  ['<|', '|>'],
  ['<\uff5c', '\uff5c>'],
  ['<unused', '>'],
] as const;

export interface TokenizerFiles {
  modelFolder: string;
  /** tokenizer.json. */
  tokenizer: JsonObject;
  /** Vocabulary and merges, when `tokenizer` has none of them because they were taken out. */
  bulk?: TokenizerBulk;
  /** tokenizer_config.json; empty when there is none. */
  tokenizerConfig: JsonObject;
}

export interface AddedToken {
  id: number;
  content: string;
  special: boolean;
  /** Whether it is looked for in normalised text, when all others have been found. */
  normalized: boolean;
}

/** `tokenizer.ggml.*` values of the vocabulary, in file order. Faults: MODEL_UNSUPPORTED, WEIGHTS_CORRUPT. */
export function renderVocabulary(files: TokenizerFiles, vocabulary: number): [string, GgufValue][] {
  checkStructure(files.modelFolder, files.tokenizer);
  const { bulk } = files;
  const { strings, types } = listTokens(files, vocabulary);
  return [
    ['tokenizer.ggml.model', { type: 'string', value: 'gpt2' }],
    ['tokenizer.ggml.pre', { type: 'string', value: 'qwen2' }],
    ['tokenizer.ggml.tokens', bulk?.vocabulary.render(strings) ?? stringArray(strings as string[])],
    ['tokenizer.ggml.token_type', i32Array(types)],
    ['tokenizer.ggml.merges', bulk?.merges ?? stringArray(listMerges(files))],
    ...normalisedEntry(files),
  ];
}

function normalisedEntry(files: TokenizerFiles): [string, GgufValue][] {
  const normalised = listAddedTokens(files).filter(({ normalized }) => normalized);
  return normalised.length === 0 ? [] : [[NORMALISED_TOKENS_KEY, i32Array(normalised.map(({ id }) => id))]];
}

/** Of each id its type and its string; none where `bulk` has the token's bytes. */
function listTokens(
  files: TokenizerFiles,
  vocabulary: number,
): { strings: (string | undefined)[]; types: number[] } {
  const { modelFolder, bulk } = files;
  const strings = new Array<string | undefined>(vocabulary).fill(undefined);
  const types = new Array<number>(vocabulary).fill(TOKEN_TYPES.unused);
  const checkWithin = (id: number): void => {
    if (id < vocabulary) return;
    const problem = `its tokenizer has the id ${String(id)}, config.json says vocab_size ${String(vocabulary)}`;
    throw unsupported(modelFolder, problem);
  };
  const place = (id: unknown, { token, type }: { token: string; type: number }): void => {
    if (!isTokenId(id)) throw unsupported(modelFolder, `its token ${JSON.stringify(token)} has no valid id`);
    checkWithin(id);
    strings[id] = token;
    types[id] = type;
  };
  if (bulk === undefined) {
    const vocab = parsedVocabulary(files);
    for (const token in vocab) place(vocab[token], { token, type: TOKEN_TYPES.normal });
  } else {
    checkWithin(bulk.vocabulary.idEnd - 1);
    for (let id = 0; id < vocabulary; id++) if (bulk.vocabulary.has(id)) types[id] = TOKEN_TYPES.normal;
  }
  const { idOf } = vocabularyOf(files);
  for (const { id, content, special } of listAddedTokens(files)) {
    const former: unknown = idOf(content) ?? id;
    if (former !== id) place(former, { token: `[PAD${String(former)}]`, type: TOKEN_TYPES.unused });
    const isControl = special || looksSpecial(content);
    if (!isControl && content.includes('\u2581')) {
      const problem = `its added token ${JSON.stringify(content)} has U+2581, which stands for a space in GGUF files`;
      throw unsupported(modelFolder, problem);
    }
    place(id, { token: content, type: isControl ? TOKEN_TYPES.control : TOKEN_TYPES.userDefined });
  }
  for (let id = 0; id < vocabulary; id++)
    if (types[id] === TOKEN_TYPES.unused) strings[id] = `[PAD${String(id)}]`;
  return { strings, types };
}

function looksSpecial(content: string): boolean {
  return (
    SPECIAL_NAMES.includes(content) ||
    SPECIAL_ENDS.some(([start, end]) => content.startsWith(start) && content.endsWith(end))
  );
}

interface Vocabulary {
  size: () => number;
  idOf: (content: string) => unknown;
}

function vocabularyOf(files: TokenizerFiles): Vocabulary {
  const { bulk } = files;
  if (bulk !== undefined)
    return { size: () => bulk.vocabulary.size, idOf: (content) => bulk.vocabulary.idOf(content) };
  const vocab = parsedVocabulary(files);
  return {
    size: () => Object.keys(vocab).length,
    idOf: (content) => (Object.hasOwn(vocab, content) ? vocab[content] : undefined),
  };
}

function parsedVocabulary({ modelFolder, tokenizer }: TokenizerFiles): JsonObject {
  const vocab = isObject(tokenizer['model']) ? tokenizer['model']['vocab'] : undefined;
  if (!isObject(vocab)) throw unsupported(modelFolder, 'its tokenizer has no vocabulary');
  return vocab;
}

/**
 * Tokens beside the BPE vocabulary, by id. Those of tokenizer_config.json come later in transformers and override the
 * flags of a token with the same content; one that tokenizer.json lacks gets the next free id.
 */
export function listAddedTokens(files: TokenizerFiles): AddedToken[] {
  const { tokenizer, tokenizerConfig } = files;
  const vocab = vocabularyOf(files);
  const byContent = new Map<string, AddedToken>();
  for (const { content, entry } of namedEntries(tokenizer['added_tokens'])) {
    const { id } = entry;
    if (isTokenId(id)) byContent.set(content, readAddedToken(files, { id, content, entry }));
  }
  let free = nextId(vocab, byContent);
  for (const { content, entry } of namedEntries(tokenizerConfig['added_tokens_decoder'])) {
    if (content === '') continue;
    const id = byContent.get(content)?.id ?? vocab.idOf(content) ?? free;
    if (!isTokenId(id)) continue;
    byContent.set(content, readAddedToken(files, { id, content, entry }));
    free = Math.max(free, id + 1);
  }
  return [...byContent.values()].sort((a, b) => a.id - b.id);
}

/** Of a list, or of an object by ids: Object.values gives integer keys in ascending order. */
function namedEntries(listed: unknown): { content: string; entry: JsonObject }[] {
  const entries: unknown[] = isObject(listed) ? Object.values(listed) : Array.isArray(listed) ? listed : [];
  return entries.filter(isObject).flatMap((entry) => {
    const { content } = entry;
    return typeof content === 'string' ? [{ content, entry }] : [];
  });
}

function readAddedToken(
  { modelFolder }: TokenizerFiles,
  { id, content, entry }: { id: number; content: string; entry: JsonObject },
): AddedToken {
  checkAddedToken(modelFolder, content, entry);
  const special = entry['special'] === true;
  // The default of transformers' AddedToken.
  const { normalized = !special } = entry;
  return { id, content, special, normalized: normalized === true };
}

function nextId(vocab: Vocabulary, added: ReadonlyMap<string, AddedToken>): number {
  return [...added.values()].reduce((free, { id }) => Math.max(free, id + 1), vocab.size());
}

/** `"a b"` or, in newer files, `["a", "b"]`, where a space inside a part becomes the letter for it, U+0120. */
function listMerges({ modelFolder, tokenizer }: TokenizerFiles): string[] {
  const merges = isObject(tokenizer['model']) ? tokenizer['model']['merges'] : undefined;
  if (!Array.isArray(merges) || merges.length === 0)
    throw unsupported(modelFolder, 'its tokenizer has no merges');
  return merges.map((merge: unknown) => {
    if (typeof merge === 'string') return merge;
    const [left, right, more] = Array.isArray(merge) ? (merge as unknown[]) : [];
    if (typeof left === 'string' && typeof right === 'string' && more === undefined)
      return `${encodeSpaces(left)} ${encodeSpaces(right)}`;
    throw unsupported(modelFolder, `its tokenizer has the merge ${JSON.stringify(merge)}, which is no pair`);
  });
}

function encodeSpaces(part: string): string {
  return part.includes(' ') ? part.replaceAll(' ', '\u0120') : part;
}

function isTokenId(id: unknown): id is number {
  return Number.isInteger(id) && (id as number) >= 0 && (id as number) < 2 ** 31;
}

function unsupported(path: string, problem: string): Fault {
  return new Fault('MODEL_UNSUPPORTED', { path, problem });
}
