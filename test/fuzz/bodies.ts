// Fuzzed HTTP bodies against every route that takes one, on a whole server with a FakeEmbedder. An answer is a success
// whose vectors are numbers, or a 4xx with an error in OpenAI's shape.
import assert from 'node:assert/strict';
import fc, { type Arbitrary } from 'fast-check';
import { ChatTemplate } from '../../src/server/chat-template.ts';
import { openServer } from '../../src/server/server.ts';
import { FakeEmbedder } from '../fixtures/fake-embedder.ts';
import { damaged, rawBytes } from './hostile.ts';
import { editedJson } from './json-tree.ts';
import { makeTarget, type OpenTarget } from './target.ts';

const TEMPLATE =
  "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{{ kind | default('') }}";

const texts = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `text ${String(index)}`);

/** Path -> valid bodies. */
const BODIES: Record<string, readonly unknown[]> = {
  '/v1/embeddings': [
    { input: 'a text', model: 'any', encoding_format: 'base64', dimensions: 32, user: 'u' },
    { input: ['one', 'two', 'three'], rid: ['1', '2', '3'], input_type: 'query', truncate: 'END' },
    { input: [1, 2, 3], truncate_prompt_tokens: 2, truncation_side: 'left' },
    { input: [[1], [2, 3]], prompt_name: 'document', encoding_format: 'float' },
    { input: 'a text of many words', instruction: 'Find', truncation_direction: 'right' },
    { input: texts(40), long_text: 'mean', chunk_tokens: 64, chunk_overlap: 8 },
    {
      messages: [
        { role: 'user', content: 'hello' },
        { role: 'assistant', content: [{ type: 'text', text: 'yes' }] },
      ],
      add_generation_prompt: true,
      chat_template_kwargs: { kind: 'x', list: [1, { a: null }] },
    },
  ],
  '/encode': [{ text: ['a', 'b'], rid: ['1', '2'] }, { text: 'a' }, { input_ids: [[1, 2], [3]] }],
  '/tokenize': [{ prompt: ['a', 'b'], add_special_tokens: false }, { prompt: 'a' }],
  '/v1/detokenize': [{ tokens: [[65, 66], [67]], skip_special_tokens: true }, { tokens: [65] }],
  '/abort_request': [{ rid: 'a' }, { rid: '', abort_all: false }],
  '/flush_cache': [{}],
  '/v1/chat/completions': [{ messages: [] }],
};

/** Beyond what is read on the accepting loop: a thread's work. */
const large: Arbitrary<Buffer> = fc
  .tuple(
    fc.constantFrom('a', '\u00e9', '\u4e2d', '\0', '\ud83d\ude00'),
    fc.integer({ min: 1, max: 300_000 }),
    fc.boolean(),
  )
  .map(([letter, length, asList]) =>
    Buffer.from(
      JSON.stringify({
        input: asList ? Array<string>(2049).fill(letter) : letter.repeat(length),
        truncate: true,
      }),
    ),
  );

interface Post {
  path: string;
  body: Buffer;
  contentType: string;
}

const post: Arbitrary<Post> = fc.constantFrom(...Object.keys(BODIES)).chain((path) => {
  const edited = fc
    .constantFrom(...(BODIES[path] ?? []))
    .chain(editedJson)
    .map((text) => Buffer.from(text));
  const body = fc.oneof(
    { weight: 60, arbitrary: edited },
    { weight: 20, arbitrary: damaged(edited) },
    { weight: 8, arbitrary: rawBytes('{"input":', '\ufeff{', '[') },
    { weight: 1, arbitrary: large },
  );
  const contentType = fc.oneof(
    { weight: 20, arbitrary: fc.constant('application/json') },
    {
      weight: 1,
      arbitrary: fc.constantFrom('text/plain', 'application/json; charset=latin1', ';', 'a'.repeat(200)),
    },
  );
  return fc.record({ path: fc.constant(path), body, contentType });
});

const REFUSALS = [400, 413, 415];

export const openBodies: OpenTarget = async () => {
  const embedder = new FakeEmbedder();
  const bugs: unknown[] = [];
  const server = await openServer({
    host: '127.0.0.1',
    port: 0,
    model: { id: 'fuzzed', createdUnixSeconds: 0 },
    log: ({ level, cause }) => (level === 'error' ? bugs.push(cause) : undefined),
  });
  const chatTemplate = new ChatTemplate({
    template: TEMPLATE,
    specialTokens: { bos_token: '', eos_token: '' },
  });
  server.serve(embedder, { chatTemplate });
  const run = async ({ path, body, contentType }: Post): Promise<string> => {
    const answer = await server.app.inject({
      method: 'POST',
      url: path,
      headers: { 'content-type': contentType },
      payload: body,
    });
    embedder.calls.length = 0;
    if (bugs.length > 0) throw bugs.pop();
    if (answer.statusCode === 200) return checkAnswer(path, answer.body);
    assert.ok(
      REFUSALS.includes(answer.statusCode),
      `${String(answer.statusCode)}: ${answer.body.slice(0, 500)}`,
    );
    const { error, hint } = JSON.parse(answer.body) as {
      error: { message: string; code: string; type: string };
      hint: string;
    };
    assert.equal(error.type, 'invalid_request_error');
    assert.ok(error.message !== '' && error.message.length < 1000 && hint !== '');
    return error.code;
  };
  const close = async (): Promise<void> => {
    await server.close({ graceMs: 0 });
    await chatTemplate.close();
  };
  return makeTarget({ inputs: post, run, close });
};

function checkAnswer(path: string, body: string): string {
  if (path === '/v1/embeddings')
    for (const { embedding } of (JSON.parse(body) as { data: { embedding: unknown }[] }).data)
      assert.ok(
        typeof embedding === 'string' || (Array.isArray(embedding) && embedding.every(Number.isFinite)),
      );
  return 'read';
}
