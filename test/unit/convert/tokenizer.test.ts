import assert from 'node:assert/strict';
import test from 'node:test';

import { i32Array, type GgufValue } from '../../../src/convert/gguf.ts';
import { renderSpecialTokens } from '../../../src/convert/special-tokens.ts';
import { renderVocabulary } from '../../../src/convert/tokenizer.ts';
import { assertFault, smallTokenizer } from './small-model.ts';
import { decodeStrings } from '../../fixtures/decode-strings.ts';

type Json = Record<string, unknown>;

interface Tokenizer {
  tokenizer?: Json;
  model?: Json;
  tokenizerConfig?: Json;
}

const base = smallTokenizer();

function filesOf({ tokenizer = {}, model = {}, tokenizerConfig = {} }: Tokenizer): {
  modelFolder: string;
  tokenizer: Json;
  tokenizerConfig: Json;
} {
  return {
    modelFolder: 'folder',
    tokenizer: { ...base, ...tokenizer, model: { ...(base['model'] as Json), ...model } },
    tokenizerConfig,
  };
}

function vocabulary(changes: Tokenizer, size = 12): { tokens: string[]; types: number[]; merges: string[] } {
  const values = new Map(renderVocabulary(filesOf(changes), size));
  const types = values.get('tokenizer.ggml.token_type');
  assert.ok(types?.type === 'array');
  return {
    tokens: decodeStrings(values.get('tokenizer.ggml.tokens')),
    types: Array.from({ length: types.value.count }, (_, index) => types.value.bytes.readInt32LE(index * 4)),
    merges: decodeStrings(values.get('tokenizer.ggml.merges')),
  };
}

test('ids without a token are filled up, added tokens are control or user-defined', () => {
  const { tokens, types } = vocabulary({});
  assert.deepEqual(tokens.slice(7), ['ab', '<|endoftext|>', '<|im_end|>', '<think>', '[PAD11]']);
  assert.deepEqual(types.slice(7), [1, 3, 3, 4, 5]);
});

test('a token that looks special is a control token whatever its flag says', () => {
  const looks = ['<|x|>', '<pad>', '<unused7>', '<｜y｜>'];
  const plain = ['<x>', '|x|', '<|x|'];
  const contents = [...looks, ...plain];
  const added = contents.map((content, index) => ({ id: 8 + index, content, special: false }));
  const { types } = vocabulary({ tokenizer: { added_tokens: added } }, 15);
  assert.deepEqual(types.slice(8), [3, 3, 3, 3, 4, 4, 4]);
});

test('an added token that would be found elsewhere than transformers finds it is refused', () => {
  const token = { id: 8, content: '<x>', special: false };
  const refused = (change: Json, message: RegExp): void => {
    const added = [{ ...token, ...change }];
    assertFault(() => vocabulary({ tokenizer: { added_tokens: added } }), 'MODEL_UNSUPPORTED', message);
    const decoder = { added_tokens_decoder: { '8': added[0] } };
    assertFault(() => vocabulary({ tokenizerConfig: decoder }), 'MODEL_UNSUPPORTED', message);
  };
  refused({ lstrip: true }, /its added token "<x>" has lstrip, which no token of Qwen3 has/);
  refused({ rstrip: true }, /has rstrip/);
  refused({ single_word: true }, /has single_word/);
  refused({ content: '\u2581x' }, /has U\+2581, which stands for a space in GGUF files/);
});

test('added tokens that are looked for in normalised text are told to the engine', () => {
  const flags = [{ normalized: true }, { normalized: false }, {}, { special: true }];
  const added = flags.map((each, index) => ({ id: 8 + index, content: `t${String(index)}`, ...each }));
  const values = new Map(renderVocabulary(filesOf({ tokenizer: { added_tokens: added } }), 12));
  assert.deepEqual(values.get('qwen_embed.normalised_tokens'), i32Array([8, 10]));
});

test("the bytes of a vocabulary as Qwen3's say nothing of our own", () => {
  const added = { id: 8, content: '<x>', special: false, normalized: false };
  const keys = renderVocabulary(filesOf({ tokenizer: { added_tokens: [added] } }), 12).map(([key]) => key);
  assert.ok(keys.every((key) => key.startsWith('tokenizer.')));
});

test('digits and __proto__ are tokens like all others, whatever order JSON gives them', () => {
  const vocab = JSON.parse('{"z": 0, "__proto__": 1, "9": 2, "1": 3}') as Json;
  assert.deepEqual(vocabulary({ model: { vocab } }).tokens.slice(0, 5), [
    'z',
    '__proto__',
    '9',
    '1',
    '[PAD4]',
  ]);
});

test('tokenizer_config.json overrides flags and adds tokens at the next free id', () => {
  const decoder = { '8': { content: '<think>', special: true }, '99': { content: 'new', special: false } };
  const { tokens, types } = vocabulary({ tokenizerConfig: { added_tokens_decoder: decoder } });
  assert.equal(types[10], 3);
  assert.deepEqual([tokens[11], types[11]], ['new', 4]);
});

test('an added token that the vocabulary has elsewhere leaves a filler there', () => {
  const { tokens, types } = vocabulary({
    tokenizer: { added_tokens: [{ id: 11, content: 'c', special: true }] },
  });
  assert.deepEqual([tokens[2], types[2], tokens[11], types[11]], ['[PAD2]', 5, 'c', 3]);
});

test('merges come in either encoding; a space inside a part becomes its letter', () => {
  assert.deepEqual(vocabulary({ model: { merges: ['a b', 'ab c'] } }).merges, ['a b', 'ab c']);
  assert.deepEqual(
    vocabulary({
      model: {
        merges: [
          ['a', 'b c'],
          [' ', 'd'],
        ],
      },
    }).merges,
    ['a bĠc', 'Ġ d'],
  );
});

test('ids beyond vocab_size, no merges, and merges that are no pairs are refused', () => {
  assertFault(() => vocabulary({}, 10), 'MODEL_UNSUPPORTED', /has the id 10, config.json says vocab_size 10/);
  assertFault(() => vocabulary({ model: { merges: [] } }), 'MODEL_UNSUPPORTED', /has no merges/);
  assertFault(() => vocabulary({ model: { merges: [['a']] } }), 'MODEL_UNSUPPORTED', /no pair/);
  assertFault(() => vocabulary({ model: { vocab: { a: -1 } } }), 'MODEL_UNSUPPORTED', /no valid id/);
});

test('a tokenizer that works in another way than Qwen3 is refused', () => {
  const { pretokenizers } = base['pre_tokenizer'] as { pretokenizers: Json[] };
  const [split = {}, bytes = {}] = pretokenizers;
  const withSteps = (...steps: Json[]): Tokenizer => ({
    tokenizer: { pre_tokenizer: { type: 'Sequence', pretokenizers: steps } },
  });
  for (const changes of [
    { tokenizer: { pre_tokenizer: null } },
    { tokenizer: { pre_tokenizer: bytes } },
    withSteps(split),
    withSteps({ ...split, pattern: { Regex: '\\p{N}{1,3}' } }, bytes),
    withSteps({ ...split, behavior: 'Removed' }, bytes),
    withSteps({ ...split, invert: true }, bytes),
    withSteps(split, { ...bytes, add_prefix_space: true }),
    withSteps(split, { ...bytes, use_regex: true }),
    withSteps(split, split, bytes),
  ])
    assertFault(() => vocabulary(changes), 'MODEL_UNSUPPORTED', /splits text in another way/);
  assertFault(
    () => vocabulary({ tokenizer: { normalizer: { type: 'Lowercase' } } }),
    'MODEL_UNSUPPORTED',
    /more than NFC/,
  );
  assertFault(() => vocabulary({ model: { type: 'Unigram' } }), 'MODEL_UNSUPPORTED', /no BPE/);
});

test('NFC is asked for, whatever sequence it is in', () => {
  const sequence = (...normalizers: Json[]): Json => ({ type: 'Sequence', normalizers });
  vocabulary({ tokenizer: { normalizer: sequence(sequence({ type: 'NFC' }), { type: 'NFC' }) } });
  for (const normalizer of [null, sequence()])
    assertFault(
      () => vocabulary({ tokenizer: { normalizer } }),
      'MODEL_UNSUPPORTED',
      /does not normalise text/,
    );
});

test('options of the merges that change ids are refused, those that do not are not', () => {
  vocabulary({
    model: { dropout: null, continuing_subword_prefix: '', end_of_word_suffix: null, unk_token: 'a' },
  });
  vocabulary({ model: { ignore_merges: false, byte_fallback: true, fuse_unk: true } });
  for (const [option, value] of Object.entries({
    dropout: 0.1,
    end_of_word_suffix: '</w>',
    ignore_merges: true,
  }))
    assertFault(
      () => vocabulary({ model: { [option]: value } }),
      'MODEL_UNSUPPORTED',
      new RegExp(`merges in another way than Qwen3: ${option} is ${JSON.stringify(value)}`),
    );
});

function special(
  changes: Tokenizer & { config?: Json; chatTemplate?: string },
): [string, string | number | bigint | boolean][] {
  const { config = {}, chatTemplate } = changes;
  const sources = { ...filesOf(changes), config, ...(chatTemplate === undefined ? {} : { chatTemplate }) };
  return renderSpecialTokens(sources).map(([key, value]) => [
    key.replace(/^tokenizer\.(ggml\.)?/, ''),
    scalar(value),
  ]);
}

function scalar(value: GgufValue): string | number | bigint | boolean {
  return value.type === 'array' ? decodeStrings(value).join() : value.value;
}

const QWEN_CONFIG = {
  eos_token: '<|im_end|>',
  pad_token: '<|endoftext|>',
  bos_token: null,
  add_bos_token: false,
};

test('Qwen3-Embedding: the template ends texts, the configured end token ends turns, bos comes from config.json', () => {
  const config = { bos_token_id: 8, eos_token_id: 9 };
  assert.deepEqual(special({ tokenizerConfig: QWEN_CONFIG, config }), [
    ['eos_token_id', 8],
    ['padding_token_id', 8],
    ['eot_token_id', 9],
    ['bos_token_id', 8],
    ['add_eos_token', true],
    ['add_sep_token', false],
    ['add_bos_token', false],
  ]);
});

const text = (id: string): object => ({ Sequence: { id, type_id: 0 } });
const end = { SpecialToken: { id: '<|endoftext|>', type_id: 0 } };

function template(single: object[], pair: object[]): Json {
  return { post_processor: { type: 'TemplateProcessing', single, pair } };
}

test('a token between the texts of a pair is written down as no separator, as the fixture has it', () => {
  const tokenizer = template([text('A'), end], [text('A'), end, text('B'), end]);
  assert.deepEqual(special({ tokenizer, tokenizerConfig: QWEN_CONFIG }).slice(-3), [
    ['add_eos_token', true],
    ['add_sep_token', false],
    ['add_bos_token', false],
  ]);
});

test('nothing between the texts of a pair gives no separator key', () => {
  const tokenizer = template([text('A'), end], [text('A'), text('B'), end]);
  assert.equal(
    special({ tokenizer, tokenizerConfig: QWEN_CONFIG }).some(([key]) => key === 'add_sep_token'),
    false,
  );
});

test('without a template nothing says that an end token is added', () => {
  const tokenizer = { post_processor: { type: 'ByteLevel' } };
  assert.deepEqual(special({ tokenizer, tokenizerConfig: QWEN_CONFIG }), [
    ['eos_token_id', 9],
    ['padding_token_id', 8],
    ['add_bos_token', false],
  ]);
});

test('a leading token sets add_bos_token', () => {
  const tokenizer = template([end, text('A')], []);
  const tokenizerConfig = { bos_token: { content: '<|endoftext|>' }, cls_token: '<|endoftext|>' };
  assert.deepEqual(special({ tokenizer, tokenizerConfig }), [
    ['bos_token_id', 8],
    ['add_bos_token', true],
  ]);
});

test('the chat template of tokenizer_config.json wins over the file, even when it is null', () => {
  const chatTemplate = 'from file';
  const ofConfig = (config: Json): unknown =>
    new Map(special({ tokenizerConfig: { a: 1, ...config }, chatTemplate })).get('chat_template');
  assert.equal(ofConfig({ chat_template: 'own' }), 'own');
  assert.equal(ofConfig({}), 'from file');
  assert.equal(ofConfig({ chat_template: null }), undefined);
});

test('named templates get keys of their own, the default comes last', () => {
  const chat_template = [
    { name: 'default', template: 'D' },
    { name: 'tool use', template: 'T' },
  ];
  assert.deepEqual(special({ tokenizerConfig: { chat_template } }).slice(-3), [
    ['chat_template.tool_use', 'T'],
    ['chat_templates', 'tool_use'],
    ['chat_template', 'D'],
  ]);
});

test('two hundred thousand added tokens without an id get the next ones', () => {
  const decoder = Object.fromEntries(
    Array.from({ length: 200_000 }, (_, at) => [at, { content: `<t${String(at)}>` }]),
  );
  const { tokens } = vocabulary({ tokenizerConfig: { added_tokens_decoder: decoder } }, 200_011);
  assert.deepEqual([tokens[11], tokens.at(-1)], ['<t0>', '<t199999>']);
});
