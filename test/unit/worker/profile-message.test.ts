import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { emptyProfile, forStages, STAGE_BOUNDS, STAGES, type Profile } from '../../../src/embedder.ts';
import { decodeProfile, encodeProfile } from '../../../src/worker/profile-message.ts';

const sum = fc
  .double({ min: 0, noNaN: true, noDefaultInfinity: true })
  .filter((value) => !Object.is(value, -0));

function sumsFor<Key extends string>(keys: readonly Key[]): fc.Arbitrary<Record<Key, number>> {
  const entries = keys.map((key) => [key, sum] as const);
  const record = Object.fromEntries(entries) as Record<Key, fc.Arbitrary<number>>;
  return fc.record(record, { noNullPrototype: true }) as fc.Arbitrary<Record<Key, number>>;
}

type Count = Exclude<keyof Profile, 'stageSeconds' | 'stageCounts'>;
const counts = Object.keys(emptyProfile()).filter((key) => !key.startsWith('stage')) as Count[];
const buckets = STAGE_BOUNDS.length + 1;
const profile = fc
  .tuple(sumsFor(counts), sumsFor(STAGES), fc.array(fc.nat(), { minLength: buckets, maxLength: buckets }))
  .map(([sums, stageSeconds, stageCounts]): Profile => ({
    ...sums,
    stageSeconds,
    stageCounts: forStages((stage) => stageCounts.map((count) => count * (1 + STAGES.indexOf(stage)))),
  }));

function countsOfDecode(decode: number[]): string {
  return JSON.stringify({ ...emptyProfile(), stageCounts: { ...emptyProfile().stageCounts, decode } });
}

test('every profile comes back from its text', () => {
  fc.assert(
    fc.property(profile, (sent) => {
      assert.deepEqual(decodeProfile(encodeProfile(sent)), sent);
    }),
  );
});

for (const [problem, body] of [
  [/it is not JSON$/, '{'],
  [/a profile is no object$/, '[]'],
  [/a profile without its stages$/, '{"stageSeconds":3}'],
  [/texts is undefined$/, JSON.stringify({ ...emptyProfile(), texts: undefined })],
  [/batches is -1$/, JSON.stringify({ ...emptyProfile(), batches: -1 })],
  [/tokens is "7"$/, JSON.stringify({ ...emptyProfile(), tokens: '7' })],
  [/tokenise is undefined$/, JSON.stringify({ ...emptyProfile(), stageSeconds: {} })],
  [/a profile without its stages$/, JSON.stringify({ ...emptyProfile(), stageCounts: null })],
  [/the counts of decode are \[1\]$/, countsOfDecode([1])],
  [/the counts of decode are \[1\.5,/, countsOfDecode(new Array<number>(buckets).fill(1.5))],
] as const) {
  test(`what is no profile is refused: ${problem.source}`, () => {
    assert.throws(() => decodeProfile(body), { code: 'WIRE_MALFORMED', message: problem });
  });
}
