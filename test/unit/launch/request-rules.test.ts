import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { describeRequests } from '../../../src/launch/describe-requests.ts';
import { planRequestRules } from '../../../src/launch/request-rules.ts';
import { carryPrompts, readModelPrompts } from '../../../src/models/prompts.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const NONE = {
  maxBatchedTokens: null,
  allowAutoTruncate: false,
  defaultPromptName: null,
  skipTokenizer: false,
  modelOverrides: null,
  obeysPriority: false,
  lowPriorityFirst: false,
  defaultPriority: null,
  refusesPriority: false,
  chatTemplateVariables: null,
  schedulePolicy: 'fcfs' as const,
};
const FOLDER = { path: 'config.json', prompts: { code: 'Find code: ' }, defaultPromptName: 'code' };
const model = { dimensions: 1024, contextTokens: 32768, vocabularySize: 9, layers: 1, weightsType: 'F32' };

test('priorities are ignored, refused or obeyed as launched', () => {
  const priority = (changes: object) => planRequestRules({ ...NONE, ...changes }, null).priority;
  assert.deepEqual(priority({}), { kind: 'ignored' });
  assert.deepEqual(priority({ refusesPriority: true }), { kind: 'refused' });
  assert.deepEqual(priority({ obeysPriority: true, lowPriorityFirst: true, defaultPriority: 3 }), {
    kind: 'obeyed',
    lowFirst: true,
    default: 3,
  });
  assert.deepEqual(priority({ schedulePolicy: 'priority' }), {
    kind: 'obeyed',
    lowFirst: false,
    default: null,
  });
  assert.throws(() => priority({ defaultPriority: 3 }), { code: 'BAD_OPTION' });
});

test('variables of the chat template are those of the command line', () => {
  const variables = (changes: object) => planRequestRules({ ...NONE, ...changes }, null).templateVariables;
  assert.deepEqual(variables({}), {});
  assert.deepEqual(variables({ chatTemplateVariables: { task: 'code' } }), { task: 'code' });
});

test('truncation is off, to the context with --allow-auto-truncate, to N with --max-num-batched-tokens', () => {
  const longText = (changes: object) => planRequestRules({ ...NONE, ...changes }, null).longText;
  assert.equal(longText({}), null);
  const cut = { way: 'cut', side: 'right' };
  assert.deepEqual(longText({ allowAutoTruncate: true }), { ...cut, tokens: null });
  assert.deepEqual(longText({ maxBatchedTokens: 512 }), { ...cut, tokens: 512 });
});

test("the family's prompts are known beside the folder's own, which win", () => {
  assert.deepEqual(Object.keys(planRequestRules(NONE, FOLDER).prompts), ['query', 'document', 'code']);
  const own = { ...FOLDER, prompts: { query: 'q: ' } };
  assert.equal(planRequestRules(NONE, own).prompts['query'], 'q: ');
});

test('a default prompt that the model does not have stops the start with those that it has', () => {
  assert.throws(() => planRequestRules({ ...NONE, defaultPromptName: 'toString' }, FOLDER), {
    code: 'BAD_OPTION',
    message: '--default-prompt-name: "toString" is no prompt of this model',
    hint: 'its prompts are query, document, code',
  });
});

test('the block at start says what a request gets that says nothing', () => {
  const facts = { model, modelName: 'tiny', modelPrompts: FOLDER, hasChatTemplate: true };
  assert.equal(
    describeRequests({ ...facts, rules: planRequestRules(NONE, FOLDER) }),
    `requests
  vectors     1024 numbers, of length 1; dimensions may be 32 to 1024; float or base64
  long texts  refused beyond 32768 tokens; "truncate": true or --allow-auto-truncate cuts them
  prompts     none unless a request says input_type, instruction or prompt_name; known: query, document, code; the model's folder suggests --default-prompt-name code
  messages    by the chat template
  model       any name will do; answers say tiny`,
  );
  const rules = planRequestRules({ ...NONE, maxBatchedTokens: 512, defaultPromptName: 'code' }, FOLDER);
  const block = describeRequests({ ...facts, rules, hasChatTemplate: false });
  assert.match(block, /cut to 512 tokens, the end token kept; "truncate": false refuses them$/m);
  assert.match(
    block,
    /prompts {5}code before texts of requests that name none; known: query, document, code$/m,
  );
  assert.match(block, /messages {4}refused: there is no chat template$/m);
});

function folderWith(text: string): string {
  const folder = makeTemporaryFolder();
  writeFileSync(join(folder, 'config_sentence_transformers.json'), text);
  return folder;
}

test("a folder's prompts are read, and those carried along with a file that was converted elsewhere", () => {
  const folder = folderWith('{"prompts": {"code": "Find code: "}, "default_prompt_name": null}');
  const expected = {
    prompts: { code: 'Find code: ' },
    defaultPromptName: null,
  };
  const path = join(folder, 'config_sentence_transformers.json');
  assert.deepEqual(readModelPrompts({ kind: 'folder', path: folder }), { ...expected, path });
  assert.deepEqual(readModelPrompts({ kind: 'gguf', path: join(folder, 'in.gguf') }), { ...expected, path });
  const elsewhere = join(makeTemporaryFolder(), 'sub');
  mkdirSync(elsewhere);
  carryPrompts(folder, join(elsewhere, 'model.gguf'));
  const carried = readModelPrompts({ kind: 'gguf', path: join(elsewhere, 'model.gguf') });
  assert.deepEqual(carried, { ...expected, path: join(elsewhere, 'model.prompts.json') });
  assert.equal(readModelPrompts({ kind: 'gguf', path: join(elsewhere, 'other.gguf') }), null);
});

test('prompts that are no texts by name are a fault with the file', () => {
  for (const text of ['{', '[]', '{"prompts": []}', '{"prompts": {"a": 1}}'])
    assert.throws(() => readModelPrompts({ kind: 'folder', path: folderWith(text) }), {
      code: 'FILE_UNREADABLE',
      message: /config_sentence_transformers\.json: /,
    });
});
