import assert from 'node:assert/strict';
import test from 'node:test';
import { Fault } from '../../../src/faults.ts';
import { parseEmbeddingsRequest } from '../../../src/server/embeddings-request.ts';
import { PLAIN_RULES } from '../../../src/server/request-rules.ts';

const model = { dimensions: 64, contextTokens: 512, vocabularySize: 9, layers: 1, weightsType: 'F32' };
const RULES = { ...PLAIN_RULES, prompts: { ...PLAIN_RULES.prompts, code: 'Instruct: Find code\nQuery:' } };
const QUERYING = { ...RULES, defaultPromptName: 'code' };

const inputsOf = (fields: object, rules = RULES) => parseEmbeddingsRequest(fields, model, rules).inputs;

const WEB_SEARCH =
  'Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:';

const BEFORE: [object, string][] = [
  [{}, ''],
  [{ input_type: null, instruction: null, prompt_name: null }, ''],
  [{ input_type: 'query' }, WEB_SEARCH],
  [{ input_type: 'search_query' }, WEB_SEARCH],
  [{ input_type: 'document' }, ''],
  [{ input_type: 'search_document' }, ''],
  [{ prompt_name: 'code' }, 'Instruct: Find code\nQuery:'],
  [{ prompt_name: 'document' }, ''],
  [{ instruction: 'Find duplicates' }, 'Instruct: Find duplicates\nQuery:'],
  [{ instruction: 'Find duplicates', input_type: 'query' }, 'Instruct: Find duplicates\nQuery:'],
];

for (const [fields, prompt] of BEFORE) {
  test(`${JSON.stringify(fields)} puts ${JSON.stringify(prompt)} before each text`, () => {
    assert.deepEqual(inputsOf({ input: ['a', 'b'], ...fields }), [`${prompt}a`, `${prompt}b`]);
  });
}

test('a default prompt goes before texts of requests that say nothing, and stays away from all others', () => {
  assert.deepEqual(inputsOf({ input: 'a' }, QUERYING), ['Instruct: Find code\nQuery:a']);
  assert.deepEqual(inputsOf({ input: 'a', input_type: 'document' }, QUERYING), ['a']);
  assert.deepEqual(inputsOf({ input: [[1, 2]] }, QUERYING), [[1, 2]]);
  assert.deepEqual(inputsOf({ input: 'a', long_text: 'mean' }, QUERYING), ['a']);
});

const REFUSED: [object, string, string][] = [
  [
    { prompt_name: 'q' },
    'prompt_name',
    'prompt_name must be one of the model\'s, query, document, code, not "q"',
  ],
  [
    { prompt_name: 'toString' },
    'prompt_name',
    'prompt_name must be one of the model\'s, query, document, code, not "toString"',
  ],
  [
    { prompt_name: 'code', instruction: 'Find' },
    'prompt_name',
    'prompt_name and instruction both say what goes before the text: leave one out',
  ],
  [
    { prompt_name: 'code', input_type: 'query' },
    'prompt_name',
    'prompt_name and input_type both say what goes before the text: leave one out',
  ],
  [
    { instruction: 'Find', input_type: 'document' },
    'instruction',
    'documents take no instruction: leave out instruction or input_type',
  ],
  [{ instruction: ' ' }, 'instruction', 'instruction must be a text that says the task, not " "'],
  [
    { input_type: 'clustering' },
    'input_type',
    'input_type must be one of query, document, search_query, search_document, not "clustering"',
  ],
  [
    { input: [1, 2], input_type: 'query' },
    'input_type',
    'input of token ids takes no input_type: leave it out',
  ],
  [
    { long_text: 'mean', instruction: 'Find' },
    'instruction',
    'long_text "mean" takes no instruction: leave it out',
  ],
];

for (const [fields, param, message] of REFUSED) {
  test(`${JSON.stringify(fields)} is refused in one sentence`, () => {
    assert.throws(
      () => inputsOf({ input: 'a', ...fields }),
      (error) => {
        assert.ok(error instanceof Fault);
        assert.deepEqual([error.code, error.param, error.message], ['INVALID_REQUEST', param, message]);
        return true;
      },
    );
  });
}

test('token ids may say that they are documents', () => {
  assert.deepEqual(inputsOf({ input: [1, 2], input_type: 'document' }), [[1, 2]]);
});
