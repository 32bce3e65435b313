import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Fault } from '../../../src/faults.ts';
import { ChatTemplate, type TemplateLimits } from '../../../src/server/chat-template.ts';
import { parseConversation } from '../../../src/server/conversation.ts';
import { parseEmbeddingsRequest } from '../../../src/server/embeddings-request.ts';
import { type ErrorBody, openServingServer } from './open-test-server.ts';

const SIMPLE =
  '{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}{{ mood }}{{ eos_token }}';
const model = { dimensions: 64, contextTokens: 512, vocabularySize: 9, layers: 1, weightsType: 'F32' };
const say = (content: string) => ({
  messages: [{ role: 'user', content }],
  addGenerationPrompt: false,
  variables: {},
});

function openTemplate(t: TestContext, template: string, limits?: Partial<TemplateLimits>): ChatTemplate {
  const opened = new ChatTemplate({ template, specialTokens: { bos_token: '', eos_token: '<end>' } }, limits);
  t.after(() => opened.close());
  return opened;
}

test('messages become one text by the template, with what the request gives it', async (t) => {
  const { post, embedder, server } = await openServingServer(t);
  server.serve(embedder, { chatTemplate: openTemplate(t, SIMPLE) });
  const messages = [
    { role: 'system', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Hello' },
        { type: 'text', text: 'world' },
      ],
    },
  ];
  const body = { messages, add_generation_prompt: true, chat_template_kwargs: { mood: '!' } };
  assert.equal((await post(body)).statusCode, 200);
  assert.deepEqual(embedder.calls[0]?.inputs, ['<system>Be brief.<user>Hello\nworld<assistant>!<end>']);
});

test('without a chat template messages are refused with what to do', async (t) => {
  const { post } = await openServingServer(t);
  const answer = await post({ messages: [{ role: 'user', content: 'a' }] });
  const { error, hint } = answer.json<ErrorBody>();
  assert.deepEqual([answer.statusCode, error.param], [400, 'messages']);
  assert.match(hint, /--chat-template/);
});

test("a template's own refusal reaches the sender", async (t) => {
  const template = openTemplate(t, "{{ raise_exception('roles must alternate') }}");
  await assert.rejects(template.render(say('a')), {
    code: 'INVALID_REQUEST',
    message: 'the chat template refuses the messages: roles must alternate',
  });
});

// Takes more than the age of the universe, but for the limit.
const ENDLESS = `{% for a in range(100000) %}${'{% for b in range(100000) %}'.repeat(3)}{% endfor %}{% endfor %}{% endfor %}{% endfor %}`;

test('a template that does not end is ended, and the next conversation is rendered', async (t) => {
  const template = openTemplate(t, `{% if messages[0].content == 'loop' %}${ENDLESS}{% endif %}fine`, {
    timeoutMs: 300,
  });
  const looping = template.render(say('loop'));
  const waiting = template.render(say('no loop'));
  await assert.rejects(looping, { message: /it did not end in time$/ });
  assert.equal(await waiting, 'fine');
});

test('a template that fills memory dies alone, and the next conversation is rendered', async (t) => {
  const template = openTemplate(
    t,
    `{% if messages[0].content == 'fill' %}{{ range(100000000) | length }}{% endif %}fine`,
    { timeoutMs: 60_000, memoryMegabytes: 32 },
  );
  await assert.rejects(template.render(say('fill')), { message: /it wants too much memory$/ });
  assert.equal(await template.render(say('b')), 'fine');
});

test('a template that is none is refused', async (t) => {
  await assert.rejects(openTemplate(t, '{% for %}').render(say('a')), { code: 'INVALID_REQUEST' });
});

const REFUSED: [object, string, string][] = [
  [{ input: 'a' }, 'messages', 'input and messages both say what is embedded: leave one out'],
  [{ messages: 'a' }, 'messages', 'messages must be an array, not "a"'],
  [{ messages: [] }, 'input', 'input is empty'],
  [{ messages: ['a'] }, 'messages', 'messages[0] must be an object, not "a"'],
  [{ messages: [{ content: 'a' }] }, 'messages', 'messages[0].role must be a string, not nothing'],
  [
    { messages: [{ role: 'user', content: 5 }] },
    'messages',
    'messages[0].content must be a string or an array of parts, not 5',
  ],
  [
    { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }] },
    'messages',
    'messages[0].content[0] must be a part of type "text", not "image_url"',
  ],
  [
    { add_generation_prompt: 1 },
    'add_generation_prompt',
    'add_generation_prompt must be true or false, not 1',
  ],
  [
    { chat_template_kwargs: [] },
    'chat_template_kwargs',
    'chat_template_kwargs must be an object, not an array',
  ],
  [{ input_type: 'query' }, 'input_type', 'messages takes no input_type: leave it out'],
  [{ long_text: 'mean' }, 'long_text', 'long_text "mean" is for texts: chunks of a conversation are none'],
];

for (const [fields, param, message] of REFUSED) {
  test(`a conversation with ${JSON.stringify(fields)} is refused in one sentence`, () => {
    const body = { messages: [{ role: 'user', content: 'a' }], ...fields };
    assert.throws(
      () => parseEmbeddingsRequest(body, model),
      (error) => {
        assert.ok(error instanceof Fault);
        assert.deepEqual([error.param, error.message], [param, message]);
        return true;
      },
    );
  });
}

test('variables of the launch reach the template, and a request overrules them', () => {
  const messages = [{ role: 'user', content: 'a' }];
  const defaults = { style: 'plain', task: 'search' };
  const variablesOf = (more: object) => parseConversation({ messages, ...more }, defaults)?.variables;
  assert.deepEqual(variablesOf({}), defaults);
  assert.deepEqual(variablesOf({ chat_template_kwargs: { task: 'code' } }), { style: 'plain', task: 'code' });
});

test('a request without messages has no conversation', () => {
  assert.equal(parseConversation({ input: 'a', messages: null }), null);
});
