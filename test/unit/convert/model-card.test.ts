import assert from 'node:assert/strict';
import test from 'node:test';

import { parseFrontMatter } from '../../../src/convert/front-matter.ts';
import { type GgufValue } from '../../../src/convert/gguf.ts';
import { readGeneralValues } from '../../../src/convert/model-card.ts';
import { decodeStrings } from '../../fixtures/decode-strings.ts';

const warnings: string[] = [];
const onWarning = (message: string): void => {
  warnings.push(message);
};

interface Overrides {
  config?: Record<string, unknown>;
  generationConfig?: unknown;
  folderName?: string;
  modelName?: string;
}

/** `general.*` of a card, keys without that prefix. */
function general(card: string, overrides: Overrides = {}): Record<string, unknown> {
  warnings.length = 0;
  const readme = `---\n${card}\n---\n\n# Title\n`;
  const defaults = {
    config: {},
    generationConfig: undefined,
    folderName: 'Qwen3-Embedding-0.6B',
    parameters: 595776512,
  };
  const { entries } = readGeneralValues({ ...defaults, ...overrides, readme, onWarning });
  return Object.fromEntries(entries.map(([key, value]) => [key.replace('general.', ''), plain(value)]));
}

function plain(value: GgufValue): unknown {
  return value.type === 'array' ? decodeStrings(value) : value.value;
}

test('without a card the folder gives name, basename and size', () => {
  assert.deepEqual(general(''), {
    name: 'Qwen3 Embedding 0.6B',
    basename: 'Qwen3-Embedding',
    size_label: '0.6B',
  });
});

test('the keys come in the order of the file, whatever their order in the card', () => {
  const card =
    'language: en\ntags: [a]\nlicense: mit\nversion: "1"\nauthor: me\nname: N\nbase_model: Qwen/Qwen3-0.6B-Base';
  assert.deepEqual(Object.keys(general(card)), [
    'name',
    'author',
    'version',
    'basename',
    'size_label',
    'license',
    'base_model.count',
    'base_model.0.name',
    'base_model.0.organization',
    'base_model.0.repo_url',
    'tags',
    'languages',
  ]);
});

test('card keys win by themselves, then with model_, then config.json, then the folder', () => {
  assert.equal(general('model_name: B\nname: A')['name'], 'A');
  assert.equal(general('model_name: B\nname: null')['name'], 'B');
  assert.equal(general('', { config: { _name_or_path: 'org/some-model' } })['name'], 'Some Model');
  assert.equal(
    general('', { config: { _name_or_path: '/home/me/some-model' } })['name'],
    'Qwen3 Embedding 0.6B',
  );
  assert.equal(general('name: A', { modelName: 'Given' })['name'], 'Given');
});

test('the base model of the published card is described with its page', () => {
  const values = general('base_model:\n- Qwen/Qwen3-0.6B-Base');
  assert.equal(values['base_model.count'], 1);
  assert.equal(values['base_model.0.name'], 'Qwen3 0.6B Base');
  assert.equal(values['base_model.0.organization'], 'Qwen');
  assert.equal(values['base_model.0.repo_url'], 'https://huggingface.co/Qwen/Qwen3-0.6B-Base');
});

test('addresses and objects are origins too, and an empty entry counts as none', () => {
  const values = general(
    'datasets:\n- https://huggingface.co/org/data-v1\n- http://x.y/z\n- name: mine\nbase_model: null',
  );
  assert.equal(values['dataset.count'], 3);
  assert.equal(values['dataset.0.repo_url'], 'https://huggingface.co/org/data-v1');
  assert.equal(values['dataset.0.version'], 'v1');
  assert.equal(values['dataset.1.repo_url'], 'http://x.y/z');
  assert.equal(values['dataset.2.name'], 'mine');
  assert.equal(values['base_model.count'], 0);
});

test('tags end with the pipeline tag, languages list both keys', () => {
  const values = general('tags:\n- a\n- b\npipeline_tag: feature-extraction\nlanguage:\n- en\nlanguages: fr');
  assert.deepEqual(values['tags'], ['a', 'b', 'feature-extraction']);
  assert.deepEqual(values['languages'], ['fr', 'en']);
});

test('Norwegian stays a language, and a tab is indentation', () => {
  assert.deepEqual(general('language:\n- en\n- no\n- de')['languages'], ['en', 'no', 'de']);
  assert.deepEqual(general('tags:\n\t- a')['tags'], ['a']);
});

test('values that are no text are left out with a warning', () => {
  assert.equal(general('version: 1.0')['version'], undefined);
  assert.deepEqual(warnings, ['README.md: version is no text and is left out']);
  assert.deepEqual(general('tags: [a, 2024-01-01, 5]')['tags'], ['a']);
  assert.deepEqual(warnings, ['README.md: entries of tags that are no text are left out']);
});

test('several licences are joined, an empty one is left out', () => {
  assert.equal(general('license: [mit, apache-2.0]')['license'], 'mit,apache-2.0');
  assert.equal(general('license: ""')['license'], undefined);
});

test('sampling values of generation_config.json come first, with their types', () => {
  const generationConfig = { temperature: 1, top_k: 20, repetition_penalty: 1.5, top_p: null, min_p: 'x' };
  const { entries } = readGeneralValues({
    readme: '',
    config: {},
    generationConfig,
    folderName: 'x',
    parameters: 1,
    onWarning,
  });
  assert.deepEqual(entries.slice(0, 3), [
    ['general.sampling.top_k', { type: 'i32', value: 20 }],
    ['general.sampling.temp', { type: 'f32', value: 1 }],
    ['general.sampling.penalty_repeat', { type: 'f32', value: 1.5 }],
  ]);
});

test('a README without front matter, or with a list or broken YAML there, gives no card', () => {
  const noFrontMatter = [
    '',
    '# Title\n---\na: b\n---\n',
    ' ---\na: b\n---\n',
    '---\n- a\n---\n',
    '---\n---\n',
  ];
  for (const readme of noFrontMatter) assert.deepEqual(parseFrontMatter(readme, onWarning), {});
  warnings.length = 0;
  assert.deepEqual(parseFrontMatter('---\na: [\n---\n', onWarning), {});
  assert.match(warnings[0] ?? '', /front matter is no YAML/);
});

test('front matter may end lines like Windows and may lack its end', () => {
  assert.deepEqual(parseFrontMatter('---\r\na: b\r\n---\r\nbody', onWarning), { a: 'b' });
  assert.deepEqual(parseFrontMatter('---\na: b\na: c', onWarning), { a: 'c' });
});

test('what PyYAML takes for text is text: y, 1e5, 08; what it does not is not', () => {
  const card = ['y', 'n', '1e5', '08', '0x', '1.2.3', 'v1', '"5"', "'no'", '2024-1-1x'];
  const read = (value: string): unknown => parseFrontMatter(`---\na: ${value}\n---\n`, onWarning)['a'];
  for (const value of card) assert.equal(typeof read(value), 'string', value);
  for (const value of [
    'yes',
    'off',
    '~',
    '',
    '12',
    '1_000',
    '0x1F',
    '1.5',
    '1.5e+3',
    '.inf',
    '2024-01-01',
    '12:30',
  ])
    assert.notEqual(typeof read(value), 'string', value);
});
