import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Admission, NO_ADMISSION_LIMITS, type AdmissionLimits } from '../../../src/pool/admission.ts';

function openAdmission(limits: Partial<AdmissionLimits>, waiting = 0): Admission {
  return new Admission({ ...NO_ADMISSION_LIMITS, ...limits }, () => waiting);
}

/** As many token ids. */
const tokens = (count: number): number[][] => [Array.from({ length: count }, () => 1)];

test('as many requests may wait as the limit says, and the next is refused', () => {
  assert.doesNotThrow(() => openAdmission({ queuedRequests: 3 }, 2).enter(['a']));
  assert.throws(() => openAdmission({ queuedRequests: 3 }, 3).enter(['a']), {
    code: 'OVERLOADED',
    message: 'the server is full: 3 requests wait, the limit is 3',
  });
});

test('a call comes in as long as the tokens of all fit, and again when one has left', () => {
  const admission = openAdmission({ openTokens: 100 });
  admission.enter(tokens(60));
  const leave = admission.enter(tokens(40));
  assert.throws(
    () => {
      admission.checkRoom();
    },
    { message: /: 100 tokens are open, the limit is 100$/ },
  );
  leave();
  assert.throws(() => admission.enter(tokens(41)), { message: /: 101 tokens would be open, / });
  assert.doesNotThrow(() => admission.enter(tokens(40)));
});

test('a call larger than the limit comes in when nobody else is in', () => {
  const admission = openAdmission({ openTokens: 100 });
  const leave = admission.enter(tokens(1000));
  assert.throws(() => admission.enter(tokens(1)), { code: 'OVERLOADED' });
  leave();
  assert.doesNotThrow(() => admission.enter(tokens(1000)));
});

test('four characters of text count as a token', () => {
  const admission = openAdmission({ openTokens: 10 });
  admission.enter(['four'.repeat(9)]);
  assert.throws(() => admission.enter(['four', 'four']), { code: 'OVERLOADED' });
  assert.doesNotThrow(() => admission.enter(['four']));
});
