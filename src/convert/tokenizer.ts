// tokenizer.json and tokenizer_config.json -> the vocabulary as llama.cpp wants it: tokens by id, their types, merges.
// Refuses tokenizers that are no Qwen byte-level BPE, by their structure: a digest of encoded text, as the reference
// takes it, would also refuse fine-tunes that only changed the post-processor.
// Pure: takes parsed JSON. Which tokens end a text is in special-tokens.ts.

import { Fault } from '../faults.ts';
import { isObject, type JsonObject } from './files.ts';
import { i32Array, stringArray, type GgufValue } from './gguf.ts';
import { QWEN2_SPLIT_PATTERN } from './qwen3.ts';

const TOKEN_TYPES = { normal: 1, control: 3, userDefined: 4, unused: 5 } as const;

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
  /** tokenizer_config.json; empty when there is none. */
  tokenizerConfig: JsonObject;
}

export interface AddedToken {
  id: number;
  content: string;
  special: boolean;
}

/** `tokenizer.ggml.*` values of the vocabulary, in file order. Faults: MODEL_UNSUPPORTED, WEIGHTS_CORRUPT. */
export function renderVocabulary(files: TokenizerFiles, vocabulary: number): [string, GgufValue][] {
  checkStructure(files);
  const { tokens, types } = listTokens(files, vocabulary);
  return [
    ['tokenizer.ggml.model', { type: 'string', value: 'gpt2' }],
    ['tokenizer.ggml.pre', { type: 'string', value: 'qwen2' }],
    ['tokenizer.ggml.tokens', stringArray(tokens)],
    ['tokenizer.ggml.token_type', i32Array(types)],
    ['tokenizer.ggml.merges', stringArray(listMerges(files))],
  ];
}

/** What llama.cpp's `qwen2` does is one regular expression and bytes; anything else would tokenize differently. */
function checkStructure({ modelFolder, tokenizer }: TokenizerFiles): void {
  const model = tokenizer['model'];
  if (!isObject(model) || model['type'] !== 'BPE') throw unsupported(modelFolder, 'its tokenizer is no BPE');
  const normalizers = flatten(tokenizer['normalizer'], 'normalizers');
  if (normalizers.some(({ type }) => type !== 'NFC'))
    throw unsupported(modelFolder, 'its tokenizer normalises text by more than NFC');
  const steps = flatten(tokenizer['pre_tokenizer'], 'pretokenizers');
  const [split, bytes] = steps;
  const isSplit =
    split?.['type'] === 'Split' &&
    isObject(split['pattern']) &&
    split['pattern']['Regex'] === QWEN2_SPLIT_PATTERN &&
    split['behavior'] === 'Isolated' &&
    split['invert'] !== true;
  const isBytes =
    bytes?.['type'] === 'ByteLevel' && bytes['add_prefix_space'] !== true && bytes['use_regex'] === false;
  if (steps.length !== 2 || !isSplit || !isBytes)
    throw unsupported(modelFolder, 'its tokenizer splits text in another way than Qwen3');
}

// A step is an object, or a Sequence of steps under `key`, or null.
function flatten(step: unknown, key: string): JsonObject[] {
  if (!isObject(step)) return [];
  const inner = step[key];
  return step['type'] === 'Sequence' && Array.isArray(inner) ? inner.filter(isObject) : [step];
}

function listTokens(files: TokenizerFiles, vocabulary: number): { tokens: string[]; types: number[] } {
  const { modelFolder } = files;
  const vocab = vocabularyOf(files);
  const tokens = new Array<string | undefined>(vocabulary).fill(undefined);
  const types = new Array<number>(vocabulary).fill(TOKEN_TYPES.unused);
  const place = (id: unknown, { token, type }: { token: string; type: number }): void => {
    if (!isTokenId(id)) throw unsupported(modelFolder, `its token ${JSON.stringify(token)} has no valid id`);
    if (id >= vocabulary)
      throw unsupported(
        modelFolder,
        `its tokenizer has the id ${String(id)}, config.json says vocab_size ${String(vocabulary)}`,
      );
    tokens[id] = token;
    types[id] = type;
  };
  for (const token in vocab) place(vocab[token], { token, type: TOKEN_TYPES.normal });
  for (const { id, content, special } of listAddedTokens(files)) {
    const former = Object.hasOwn(vocab, content) ? vocab[content] : id;
    if (former !== id) place(former, { token: `[PAD${String(former)}]`, type: TOKEN_TYPES.unused });
    const isControl = special || looksSpecial(content);
    // U+2581 stands for a space in sentencepiece vocabularies.
    const token = isControl ? content : content.replaceAll('\u2581', ' ');
    place(id, { token, type: isControl ? TOKEN_TYPES.control : TOKEN_TYPES.userDefined });
  }
  return { tokens: tokens.map((token, id) => token ?? `[PAD${String(id)}]`), types };
}

function looksSpecial(content: string): boolean {
  return (
    SPECIAL_NAMES.includes(content) ||
    SPECIAL_ENDS.some(([start, end]) => content.startsWith(start) && content.endsWith(end))
  );
}

function vocabularyOf({ modelFolder, tokenizer }: TokenizerFiles): JsonObject {
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
  const listed = Array.isArray(tokenizer['added_tokens']) ? tokenizer['added_tokens'] : [];
  for (const entry of listed) {
    const { id, content, special } = isObject(entry) ? entry : {};
    if (isTokenId(id) && typeof content === 'string')
      byContent.set(content, { id, content, special: special === true });
  }
  const decoder = tokenizerConfig['added_tokens_decoder'];
  // Object.values gives integer keys in ascending order.
  for (const entry of isObject(decoder) ? Object.values(decoder) : []) {
    const { content, special } = isObject(entry) ? entry : {};
    if (typeof content !== 'string' || content === '') continue;
    const id =
      byContent.get(content)?.id ??
      (Object.hasOwn(vocab, content) ? vocab[content] : nextId(vocab, byContent));
    if (isTokenId(id)) byContent.set(content, { id, content, special: special === true });
  }
  return [...byContent.values()].sort((a, b) => a.id - b.id);
}

function nextId(vocab: JsonObject, added: ReadonlyMap<string, AddedToken>): number {
  const highest = Math.max(-1, ...[...added.values()].map(({ id }) => id));
  return Math.max(highest + 1, Object.keys(vocab).length);
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
