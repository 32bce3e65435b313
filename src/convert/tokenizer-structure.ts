// Decides whether a tokenizer.json works as Qwen3's does, which is what llama.cpp's `qwen2` and src/engine/tokenizer.ts
// do: anything else would give other token ids, and wrong vectors, without a word. Pure: takes parsed JSON.

import { Fault } from '../faults.ts';
import { isObject, type JsonObject } from '../json-object.ts';
import { QWEN2_SPLIT_PATTERN } from './qwen3.ts';

/** Options of a BPE that change ids, by what leaves them as they are. */
const MODEL_OPTIONS: Readonly<Record<string, readonly unknown[]>> = {
  dropout: [null, 0],
  continuing_subword_prefix: [null, ''],
  end_of_word_suffix: [null, ''],
  ignore_merges: [false],
};

/** Ways to find an added token that have effects on the text around it. */
const SURROUNDINGS = ['lstrip', 'rstrip', 'single_word'];

/** Faults: MODEL_UNSUPPORTED. */
export function checkStructure(modelFolder: string, tokenizer: JsonObject): void {
  checkModel(modelFolder, tokenizer['model']);
  const normalizers = flatten(tokenizer['normalizer'], 'normalizers');
  if (normalizers.some(({ type }) => type !== 'NFC'))
    throw unsupported(modelFolder, 'its tokenizer normalises text by more than NFC');
  if (normalizers.length === 0)
    throw unsupported(modelFolder, "its tokenizer does not normalise text to NFC, as Qwen3's does");
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

function checkModel(modelFolder: string, model: unknown): void {
  if (!isObject(model) || model['type'] !== 'BPE') throw unsupported(modelFolder, 'its tokenizer is no BPE');
  for (const [option, harmless] of Object.entries(MODEL_OPTIONS)) {
    const value = model[option];
    if (value === undefined || harmless.includes(value)) continue;
    throw unsupported(
      modelFolder,
      `its tokenizer merges in another way than Qwen3: ${option} is ${JSON.stringify(value)}`,
    );
  }
}

/** Of an entry of `added_tokens` or `added_tokens_decoder`. Faults: MODEL_UNSUPPORTED. */
export function checkAddedToken(modelFolder: string, content: string, entry: JsonObject): void {
  const flag = SURROUNDINGS.find((name) => entry[name] === true);
  if (flag === undefined) return;
  const token = JSON.stringify(content);
  throw unsupported(modelFolder, `its added token ${token} has ${flag}, which no token of Qwen3 has`);
}

// A step is an object, or a Sequence of steps under `key`, or null.
function flatten(step: unknown, key: string): JsonObject[] {
  if (!isObject(step)) return [];
  const inner = step[key];
  if (step['type'] !== 'Sequence' || !Array.isArray(inner)) return [step];
  return inner.flatMap((each: unknown) => flatten(each, key));
}

function unsupported(path: string, problem: string): Fault {
  return new Fault('MODEL_UNSUPPORTED', { path, problem });
}
