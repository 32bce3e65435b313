import assert from 'node:assert/strict';
import test from 'node:test';
import type { LongText } from '../../../src/embedder.ts';
import { Fault } from '../../../src/faults.ts';
import { parseLongText } from '../../../src/server/long-text-request.ts';
import { PLAIN_RULES } from '../../../src/server/request-rules.ts';
import { type EmbeddingsBody, type ErrorBody, openServingServer } from './open-test-server.ts';

const model = { dimensions: 64, contextTokens: 512, vocabularySize: 9, layers: 1, weightsType: 'F32' };
const CUTTING = { ...PLAIN_RULES, longText: { way: 'cut', tokens: 100, side: 'right' } as const };

const parse = (fields: object, rules = PLAIN_RULES) =>
  parseLongText(fields as Record<string, unknown>, model, rules);
const cut = (tokens: number | null, side: 'left' | 'right' = 'right') => ({ way: 'cut', tokens, side });

const PLAIN: [object, LongText | object | null][] = [
  [{}, null],
  [{ truncate: null, truncate_prompt_tokens: null, truncation_side: null, long_text: null }, null],
  [{ truncate: false }, null],
  [{ truncate: true }, cut(null)],
  [{ truncate: 'NONE' }, null],
  [{ truncate: 'END' }, cut(null)],
  [{ truncate: 'START' }, cut(null, 'left')],
  [{ truncate_prompt_tokens: 7 }, cut(7)],
  [{ truncate_prompt_tokens: -1 }, cut(null)],
  [{ truncate: true, truncation_direction: 'Left' }, cut(null, 'left')],
  [{ truncate: true, truncation_side: 'left', truncate_prompt_tokens: 9 }, cut(9, 'left')],
  // A side alone does not ask for truncation; vLLM and TEI read it so too.
  [{ truncation_side: 'left' }, null],
  [{ long_text: 'mean' }, { way: 'mean', tokens: 512, overlap: 0 }],
  [
    { long_text: 'mean', chunk_tokens: 64, chunk_overlap: 32 },
    { way: 'mean', tokens: 64, overlap: 32 },
  ],
  [
    { long_text: 'mean', truncate: false },
    { way: 'mean', tokens: 512, overlap: 0 },
  ],
];

for (const [fields, expected] of PLAIN) {
  test(`${JSON.stringify(fields)} means ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(parse(fields), expected);
  });
}

const LAUNCHED_CUTTING: [object, LongText | object | null][] = [
  [{}, cut(100)],
  [{ truncation_side: 'left' }, cut(100, 'left')],
  [{ truncate: false }, null],
  [{ truncate_prompt_tokens: 7 }, cut(7)],
  [{ truncate_prompt_tokens: 200 }, cut(100)],
  [{ truncate_prompt_tokens: -1 }, cut(100)],
  [{ long_text: 'mean' }, { way: 'mean', tokens: 100, overlap: 0 }],
];

for (const [fields, expected] of LAUNCHED_CUTTING) {
  test(`${JSON.stringify(fields)} means ${JSON.stringify(expected)} where --max-num-batched-tokens is 100`, () => {
    assert.deepEqual(parse(fields, CUTTING), expected);
  });
}

const REFUSED: [object, string, string][] = [
  [{ truncate: 'yes' }, 'truncate', 'truncate must be true, false, "NONE", "START" or "END", not "yes"'],
  [
    { truncate_prompt_tokens: 1 },
    'truncate_prompt_tokens',
    'truncate_prompt_tokens must be -1 or an integer of 2 at least, not 1',
  ],
  [{ truncation_side: 'top' }, 'truncation_side', 'truncation_side must be "left" or "right", not "top"'],
  [
    { truncate: 'END', truncation_side: 'left' },
    'truncate',
    'truncate, truncation_side and truncation_direction name different sides',
  ],
  [
    { truncate: false, truncate_prompt_tokens: 9 },
    'truncate',
    'truncate says no and truncate_prompt_tokens says to how many: leave one out',
  ],
  [{ long_text: 'sum' }, 'long_text', 'long_text must be "mean", not "sum"'],
  [
    { long_text: 'mean', truncate: true },
    'long_text',
    'long_text "mean" and truncation exclude each other: leave one out',
  ],
  [{ chunk_tokens: 64 }, 'chunk_tokens', 'chunk_tokens needs "long_text": "mean"'],
  [
    { long_text: 'mean', chunk_tokens: 31 },
    'chunk_tokens',
    'chunk_tokens must be an integer from 32 to 512, not 31',
  ],
  [
    { long_text: 'mean', chunk_tokens: 64, chunk_overlap: 33 },
    'chunk_overlap',
    'chunk_overlap must be an integer from 0 to 32, not 33',
  ],
];

for (const [fields, param, message] of REFUSED) {
  test(`${JSON.stringify(fields)} is refused in one sentence`, () => {
    assert.throws(
      () => parse(fields),
      (error) => {
        assert.ok(error instanceof Fault);
        assert.deepEqual([error.code, error.param, error.message], ['INVALID_REQUEST', param, message]);
        return true;
      },
    );
  });
}

test('the answer says in a header how many inputs were cut, where any may have been', async (t) => {
  const { post, embedder } = await openServingServer(t);
  const cutting = await post({ input: ['long enough', 'b'], truncate_prompt_tokens: 4 });
  assert.equal(cutting.headers['x-truncated-inputs'], '1');
  assert.deepEqual(embedder.calls[0]?.options.longText, cut(4));
  assert.equal(cutting.json<EmbeddingsBody>().usage.prompt_tokens, 4 + 2);
  assert.equal((await post({ input: 'short', truncate: true })).headers['x-truncated-inputs'], '0');
  assert.equal((await post({ input: 'short' })).headers['x-truncated-inputs'], undefined);
});

test('without truncation a long input is refused with its length and what can be done', async (t) => {
  const { post } = await openServingServer(t);
  const answer = await post({ input: ['a', 'b'.repeat(600)] });
  const { error, hint } = answer.json<ErrorBody>();
  assert.deepEqual([answer.statusCode, error.message], [400, 'input 1 has 601 tokens, the limit is 512']);
  assert.match(hint, /"truncate": true/);
});
