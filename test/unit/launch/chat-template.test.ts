import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openModelTemplate, openTemplateFile } from '../../../src/launch/chat-template.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { fixtureFile } from '../../fixtures/tiny-model.ts';

const folder = makeTemporaryFolder();
const CONFIG = join(folder, 'tokenizer_config.json');
writeFileSync(
  CONFIG,
  JSON.stringify({
    chat_template: [
      { name: 'default', template: 'default: {{ messages[0].content }}' },
      { name: 'search', template: 'search: {{ messages[0].content }}' },
    ],
  }),
);
const BARE = join(folder, 'template.jinja');
writeFileSync(BARE, 'bare: {{ messages[0].content }}');

const HELLO = { messages: [{ role: 'user', content: 'hello' }], addGenerationPrompt: false, variables: {} };

for (const [path, name, text] of [
  [CONFIG, null, 'default: hello'],
  [CONFIG, 'default', 'default: hello'],
  [CONFIG, 'search', 'search: hello'],
  [BARE, null, 'bare: hello'],
] as const)
  test(`of ${path === CONFIG ? 'several templates' : 'one'} the name ${String(name)} is ${text}`, async () => {
    const template = await openTemplateFile(path, name);
    assert.equal(await template.render(HELLO), text);
    await template.close();
  });

for (const [path, name] of [
  [CONFIG, 'chat'],
  [BARE, 'search'],
] as const)
  test(`a file without a template called ${name} is refused by that name`, async () => {
    const problem = new RegExp(`holds no chat_template called "${name}"`);
    await assert.rejects(openTemplateFile(path, name), { code: 'FILE_UNREADABLE', message: problem });
  });

test('a model without a template of the name that is given is refused, by the option', async () => {
  const file = await fixtureFile('f32');
  const open = openModelTemplate(file, 'search', () => assert.fail('it is no problem of the template'));
  await assert.rejects(open, {
    code: 'BAD_OPTION',
    message: /^--hf-chat-template-name: .* called "search"$/,
  });
});

test('of a tokenizer_config.json without templates, those in files beside it count', async () => {
  const saved = makeTemporaryFolder();
  const config = join(saved, 'tokenizer_config.json');
  writeFileSync(config, '{"eos_token": "<end>"}');
  await assert.rejects(openTemplateFile(config), { message: `${config}: holds no chat_template` });
  mkdirSync(join(saved, 'additional_chat_templates'));
  writeFileSync(join(saved, 'chat_template.jinja'), 'own: {{ messages[0].content }}{{ eos_token }}');
  writeFileSync(
    join(saved, 'additional_chat_templates', 'search.jinja'),
    'search: {{ messages[0].content }}',
  );
  for (const [name, text] of [
    [null, 'own: hello<end>'],
    ['search', 'search: hello'],
  ] as const) {
    const template = await openTemplateFile(config, name);
    assert.equal(await template.render(HELLO), text);
    await template.close();
  }
});
