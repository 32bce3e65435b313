import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../../src/faults.ts';
import { parseEmbeddingsRequest } from '../../../src/server/embeddings-request.ts';
import { PLAIN_RULES } from '../../../src/server/request-rules.ts';

const model = {
  dimensions: 1024,
  contextTokens: 32768,
  vocabularySize: 100,
  layers: 28,
  weightsType: 'BF16',
};

const parse = (body: unknown) => parseEmbeddingsRequest(body, model);

function refusalOf(body: unknown): { code: string; param: string | null; message: string } {
  try {
    parse(body);
  } catch (error) {
    assert.ok(error instanceof Fault);
    const { code, param, message } = error as Fault;
    return { code, param, message };
  }
  return assert.fail('the request was accepted');
}

const messageOf = (body: unknown): string => refusalOf(body).message;

test('a string is one input with the defaults', () => {
  assert.deepEqual(parse({ input: 'a', model: 'any' }), {
    inputs: ['a'],
    dimensions: 1024,
    longText: null,
    priority: 0,
    conversation: null,
    rids: [],
    encodingFormat: 'float',
  });
});

test('an array of strings is one input each, whitespace included', () => {
  assert.deepEqual(parse({ input: ['a', ' ', '\n'] }).inputs, ['a', ' ', '\n']);
});

test('a flat array of ids is one input, of any length', () => {
  const ids = new Array<number>(5000).fill(7);
  assert.deepEqual(parse({ input: ids }).inputs, [ids]);
});

test('an array of arrays of ids is one input each', () => {
  assert.deepEqual(parse({ input: [[1, 2], [99]] }).inputs, [[1, 2], [99]]);
});

test('null counts as absent for every optional field', () => {
  const body = { input: 'a', model: null, dimensions: null, encoding_format: null, user: null };
  assert.deepEqual(parse(body), parse({ input: 'a' }));
});

test('unknown fields are ignored', () => {
  assert.deepEqual(
    parse({ input: 'a', data_parallel_rank: 0, prefix: 'query: ', stream: true }),
    parse({ input: 'a' }),
  );
});

test('2,048 inputs pass and one more is TOO_MANY_INPUTS', () => {
  assert.equal(parse({ input: new Array(2048).fill('a') }).inputs.length, 2048);
  assert.equal(
    messageOf({ input: new Array(2049).fill('a') }),
    '2049 inputs in one request, the limit is 2048',
  );
  assert.equal(refusalOf({ input: new Array(2049).fill([1]) }).code, 'TOO_MANY_INPUTS');
});

test('empty input is INPUT_EMPTY and names the index inside an array', () => {
  for (const input of ['', []]) assert.equal(messageOf({ input }), 'input is empty');
  for (const input of [
    ['a', ''],
    [[1], []],
  ]) {
    assert.deepEqual(refusalOf({ input }), {
      code: 'INPUT_EMPTY',
      param: 'input',
      message: 'input 1 is empty',
    });
  }
});

test('an id that is no integer of the vocabulary is refused with its place', () => {
  for (const [id, written] of [
    [1.5, '1.5'],
    [-1, '-1'],
    [100, '100'],
    [Infinity, 'Infinity'],
    [1e300, '1e+300'],
  ] as const) {
    const problem = `must be a token id, an integer from 0 to 99, not ${written}`;
    assert.equal(messageOf({ input: [0, id] }), `input[1] ${problem}`);
    assert.equal(messageOf({ input: [[0], [1, 2, id]] }), `input[1][2] ${problem}`);
  }
});

const MIXED: [unknown[], string][] = [
  [['a', 1], 'input[1] is 1 but input[0] is a string: all items must be of one kind'],
  [['a', [1]], 'input[1] is an array but input[0] is a string: all items must be of one kind'],
  [[1, 'a'], 'input[1] is "a" but input[0] is a token id: all items must be of one kind'],
  [[[1], 'a'], 'input[1] is "a" but input[0] is an array of token ids: all items must be of one kind'],
  [[[1], 2], 'input[1] is 2 but input[0] is an array of token ids: all items must be of one kind'],
  [[{ text: 'a' }], 'input[0] must be a string, a token id or an array of token ids, not an object'],
  [[null], 'input[0] must be a string, a token id or an array of token ids, not null'],
  [[[[1]]], 'input[0][0] must be a token id, an integer from 0 to 99, not an array'],
  [[['a']], 'input[0][0] must be a token id, an integer from 0 to 99, not "a"'],
];

for (const [input, message] of MIXED) {
  test(`input ${JSON.stringify(input)} is refused in one sentence`, () => {
    assert.deepEqual(refusalOf({ input }), { code: 'INVALID_REQUEST', param: 'input', message });
  });
}

test('input is required and is a string or an array', () => {
  assert.equal(messageOf({}), 'input is required');
  assert.equal(messageOf({ input: null }), 'input is required');
  assert.equal(messageOf({ input: 5 }), 'input must be a string or an array, not 5');
  assert.equal(messageOf({ input: {} }), 'input must be a string or an array, not an object');
});

test('a body that is no object is refused', () => {
  assert.equal(messageOf([]), 'the body must be a JSON object, not an array');
  assert.equal(messageOf(null), 'the body must be a JSON object, not null');
});

test('dimensions are integers from 32 to those of the model', () => {
  for (const dimensions of [32, 33, 1024])
    assert.equal(parse({ input: 'a', dimensions }).dimensions, dimensions);
  for (const dimensions of [31, 0, -32, 1025, 64.5, true]) {
    const message = `dimensions must be an integer from 32 to 1024, not ${String(dimensions)}`;
    assert.deepEqual(refusalOf({ input: 'a', dimensions }), {
      code: 'INVALID_REQUEST',
      param: 'dimensions',
      message,
    });
  }
  assert.equal(
    messageOf({ input: 'a', dimensions: '64' }),
    'dimensions must be an integer from 32 to 1024, not "64"',
  );
});

test('a model of fewer than 32 components allows from 1', () => {
  const small = { ...model, dimensions: 16 };
  assert.equal(parseEmbeddingsRequest({ input: 'a', dimensions: 1 }, small).dimensions, 1);
  assert.throws(() => parseEmbeddingsRequest({ input: 'a', dimensions: 17 }, small), /from 1 to 16, not 17$/);
});

test('encoding_format is float or base64', () => {
  assert.equal(parse({ input: 'a', encoding_format: 'base64' }).encodingFormat, 'base64');
  assert.deepEqual(refusalOf({ input: 'a', encoding_format: 'int8' }), {
    code: 'INVALID_REQUEST',
    param: 'encoding_format',
    message: 'encoding_format must be "float" or "base64", not "int8"',
  });
});

test('a model that is no string is refused', () => {
  assert.deepEqual(refusalOf({ input: 'a', model: 3 }), {
    code: 'INVALID_REQUEST',
    param: 'model',
    message: 'model must be a string, not 3',
  });
});

test('a message shows no more than the start of a long value', () => {
  assert.equal(
    messageOf({ input: 'a', encoding_format: 'x'.repeat(10_000) }),
    `encoding_format must be "float" or "base64", not "${'x'.repeat(40)}"...`,
  );
});

test('a server that allows a few dimensions refuses the others, and always gives the whole vector', () => {
  const rules = { ...PLAIN_RULES, dimensions: [64, 128, 1536] };
  const lengthOf = (dimensions: number) =>
    parseEmbeddingsRequest({ input: 'a', dimensions }, model, rules).dimensions;
  assert.deepEqual([64, 128, 1024].map(lengthOf), [64, 128, 1024]);
  assert.throws(() => lengthOf(65), {
    code: 'INVALID_REQUEST',
    message: 'dimensions may be 64, 128, 1024 on this server, not 65',
  });
});

test('a server without a tokenizer takes token ids and refuses every kind of text', () => {
  const rules = { ...PLAIN_RULES, takesTexts: false };
  assert.deepEqual(parseEmbeddingsRequest({ input: [1, 2] }, model, rules).inputs, [[1, 2]]);
  for (const body of [{ input: 'a' }, { input: ['a'] }, { messages: [{ role: 'user', content: 'a' }] }])
    assert.throws(() => parseEmbeddingsRequest(body, model, rules), {
      code: 'INVALID_REQUEST',
      message: 'this server takes token ids only: it was launched with --skip-tokenizer-init',
    });
});
