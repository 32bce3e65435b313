import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CustomLabelReader } from '../../../src/server/custom-labels.ts';

const reader = () => new CustomLabelReader({ header: 'x-custom-labels', names: ['team', 'tier'] });
const read = (header: string) => reader().read({ 'x-custom-labels': header });

test('only labels that are allowed are read, the others are empty', () => {
  assert.deepEqual(read('{"team": "search", "secret": "x"}'), { team: 'search', tier: '' });
  assert.deepEqual(read('{"team": 7, "tier": [1]}'), { team: '7', tier: '' });
  assert.deepEqual(new CustomLabelReader(null).read({ 'x-custom-labels': '{"team": "a"}' }), {});
});

test('a header that is no JSON object says nothing, and a long value is cut', () => {
  for (const header of ['no JSON', '[]', 'null', '"team"'])
    assert.deepEqual(read(header), { team: '', tier: '' });
  assert.equal(read(JSON.stringify({ team: 'a'.repeat(1000) }))['team']?.length, 128);
});

test('a sender that makes up values without end gets one series after the first thousand', () => {
  const labels = reader();
  const say = (team: string) => labels.read({ 'x-custom-labels': JSON.stringify({ team }) })['team'];
  const seen = new Set(Array.from({ length: 5000 }, (_, i) => say(String(i))));
  assert.equal(seen.size, 1001);
  assert.deepEqual([say('0'), say('4999')], ['0', 'other']);
});
