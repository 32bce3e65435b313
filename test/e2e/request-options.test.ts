// What a request may say beyond OpenAI's fields, through a launched server on the tiny model: each answer equals what a
// client gets that does the same by hand.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import OpenAI from 'openai';
import { launchServer, type RunningServer } from '../fixtures/run-cli.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { fixtureFolder } from '../fixtures/tiny-model.ts';

const CACHE = makeTemporaryFolder();
const HOME = { XDG_CACHE_HOME: CACHE, LOCALAPPDATA: CACHE };
const BASE = ['--model-path', fixtureFolder(), '--port', '0', '--outtype', 'f32'];

const QUERY_PROMPT =
  'Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:';
// Five tokens with the end token; their ids are those of the reference answers.
const TEXT = 'How are you today';
const IDS = [4340, 525, 498, 3351];

interface Answer {
  vectors: number[][];
  tokens: number;
  cut: string | null;
}

// A prefix that several texts share is computed once from the third time on, which rounds otherwise in the last bits.
function assertSame(a: Answer, b: Answer): void {
  assert.deepEqual([a.vectors.length, a.tokens], [b.vectors.length, b.tokens]);
  for (const [row, vector] of a.vectors.entries())
    for (const [i, x] of vector.entries()) assert.ok(Math.abs(x - (b.vectors[row]?.[i] ?? NaN)) < 1e-5);
}

describe('a launched server', () => {
  let server: RunningServer;
  let client: OpenAI;
  before(async () => {
    server = await launchServer(BASE, { env: HOME });
    client = new OpenAI({ apiKey: 'none', baseURL: `${server.url}/v1`, maxRetries: 0 });
  });
  after(() => server.end());

  async function ask(fields: object): Promise<Answer> {
    // What the openai package does not know it sends all the same, as Python's extra_body does.
    const params = { model: 'any', encoding_format: 'float', ...fields } as OpenAI.EmbeddingCreateParams;
    const { data, response } = await client.embeddings.create(params).withResponse();
    return {
      vectors: data.data.map(({ embedding }) => embedding),
      tokens: data.usage.prompt_tokens,
      cut: response.headers.get('x-truncated-inputs'),
    };
  }

  test('says in one block how it will read requests', () => {
    assert.match(
      server.stderr(),
      /^info: requests\n {2}vectors .*\n {2}long texts .*\n {2}prompts .*query, document/m,
    );
  });

  for (const [fields, prefix] of [
    [{ input_type: 'search_query' }, QUERY_PROMPT],
    [{ prompt_name: 'query' }, QUERY_PROMPT],
    [{ instruction: 'Find duplicates' }, 'Instruct: Find duplicates\nQuery:'],
    [{ input_type: 'document' }, ''],
  ] as const) {
    test(`${JSON.stringify(fields)} gives the vector of the text with its prompt written out`, async () => {
      const byHand = await ask({ input: [`${prefix}${TEXT}`] });
      assertSame(await ask({ input: [TEXT], ...fields }), byHand);
    });
  }

  test('messages give the vector of the text that the chat template makes of them', async () => {
    const messages = [
      { role: 'system', content: 'Represent the text.' },
      { role: 'user', content: TEXT },
    ];
    const text = `<|im_start|>system\nRepresent the text.<|im_end|>\n<|im_start|>user\n${TEXT}<|im_end|>\n`;
    assertSame(await ask({ messages }), await ask({ input: text }));
  });

  test('a cut text gives the vector of the ids that are left, and the header counts it', async () => {
    const cut = await ask({ input: [TEXT, 'short'], truncate_prompt_tokens: 3, truncation_side: 'left' });
    const byHand = await ask({ input: [IDS.slice(2)] });
    assertSame({ ...cut, vectors: cut.vectors.slice(0, 1), tokens: 3 }, byHand);
    assert.deepEqual([cut.cut, cut.tokens, byHand.cut], ['1', 3 + 2, null]);
  });

  test('a long text as a mean is the mean of its chunks by the documented formula', async () => {
    const long = Array.from({ length: 12 }, () => IDS).flat();
    const mean = await ask({ input: long, long_text: 'mean', chunk_tokens: 32, chunk_overlap: 10 });
    // 48 ids; 31 per chunk beside the end token, the next one 31 - 10 further on.
    const [first, second] = await Promise.all(
      [long.slice(0, 31), long.slice(21)].map((input) => ask({ input })),
    );
    const parts = [first ?? assert.fail(), second ?? assert.fail()];
    const sum = (mean.vectors[0] ?? []).map((_, i) =>
      parts.reduce((total, { vectors, tokens }) => total + tokens * (vectors[0]?.[i] ?? NaN), 0),
    );
    const length = Math.hypot(...sum);
    const cosine = sum.reduce((dot, x, i) => dot + (x / length) * (mean.vectors[0]?.[i] ?? NaN), 0);
    assert.ok(Math.abs(cosine - 1) < 1e-6, String(cosine));
    assert.equal(mean.tokens, 32 + 28);
  });

  test('a prompt that is not known is a 400 that names those that are', async () => {
    await assert.rejects(ask({ input: 'a', prompt_name: 'q' }), (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.equal(error.param, 'prompt_name');
      assert.match(error.message, /query, document, not "q"$/);
      return true;
    });
  });
});

test('--default-prompt-name and --max-num-batched-tokens hold for requests that say nothing', async () => {
  const options = ['--default-prompt-name', 'query', '--max-num-batched-tokens', '24'];
  const server = await launchServer([...BASE, ...options], { env: HOME });
  const client = new OpenAI({ apiKey: 'none', baseURL: `${server.url}/v1`, maxRetries: 0 });
  const ask = async (input: string, fields = {}) => {
    const params = { model: 'any', input, ...fields };
    const { data, response } = await client.embeddings.create(params).withResponse();
    return { tokens: data.usage.prompt_tokens, cut: response.headers.get('x-truncated-inputs') };
  };
  const whole = { input_type: 'document', truncate: false };
  const { tokens } = await ask(`${QUERY_PROMPT}${TEXT}`, whole);
  assert.deepEqual(await ask(TEXT), { tokens: Math.min(tokens, 24), cut: tokens > 24 ? '1' : '0' });
  assert.deepEqual(await ask('today '.repeat(30), { input_type: 'document' }), { tokens: 24, cut: '1' });
  assert.deepEqual(await ask(TEXT, whole), { tokens: 5, cut: null });
  assert.equal(await server.end(), 0);
});
