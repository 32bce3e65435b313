import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStages, shareStages, subtractStages } from '../../../src/bench/stages.ts';

const METRICS = `# TYPE qwen_embed_stage_seconds_total counter
qwen_embed_stage_seconds_total{stage="look-up",model_name="a}b"} 0.5
qwen_embed_stage_seconds_total{model_name="m",stage="decode"} 1.5e-7
qwen_embed_texts_total{stage="no"} 3
`;

test('stages are read from whichever place their label has', () => {
  assert.deepEqual(
    [...(parseStages(METRICS) ?? [])],
    [
      ['look-up', 0.5],
      ['decode', 1.5e-7],
    ],
  );
});

test('the metrics of another server tell no stages', () => {
  assert.equal(parseStages('vllm:num_requests_running{model_name="m"} 1.0\n'), null);
  assert.equal(parseStages('<!doctype html>'), null);
});

test('what was spent is the difference, unless the server began anew', () => {
  const spent = subtractStages(new Map([['decode', 5]]), new Map([['decode', 3]]));
  assert.deepEqual([...(spent ?? [])], [['decode', 2]]);
  assert.equal(subtractStages(new Map([['decode', 1]]), new Map([['decode', 3]])), null);
  assert.equal(subtractStages(null, new Map()), null);
});

test('without any work there are no shares', () => {
  assert.deepEqual(shareStages(new Map([['decode', 0]])), [{ stage: 'decode', seconds: 0, share: null }]);
});
