import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Admission, NO_ADMISSION_LIMITS, type AdmissionLimits } from '../../../src/pool/admission.ts';

/** Of the priorities of those that wait. */
const LOWEST_WAITING = 2;

function openAdmission(limits: Partial<AdmissionLimits>, waiting = 0): Admission {
  const displaced = (priority: number) => priority > LOWEST_WAITING;
  return new Admission({ ...NO_ADMISSION_LIMITS, ...limits }, { waitingCount: waiting, displace: displaced });
}

/** As many token ids. */
const tokens = (count: number): number[][] => [Array.from({ length: count }, () => 1)];

test('as many requests may wait as the limit says, and the next is refused', () => {
  assert.doesNotThrow(() => openAdmission({ queuedRequests: 3 }, 2).enter(['a'], 0));
  assert.throws(() => openAdmission({ queuedRequests: 3 }, 3).enter(['a'], 0), {
    code: 'OVERLOADED',
    message: 'the server is full: 3 requests wait, the limit is 3',
  });
});

test('a call comes in as long as the tokens of all fit, and again when one has left', () => {
  const admission = openAdmission({ openTokens: 100 });
  admission.enter(tokens(60), 0);
  const leave = admission.enter(tokens(40), 0);
  assert.throws(
    () => {
      admission.checkRoom();
    },
    { message: /: 100 tokens are open, the limit is 100$/ },
  );
  leave();
  assert.throws(() => admission.enter(tokens(41), 0), { message: /: 101 tokens would be open, / });
  assert.doesNotThrow(() => admission.enter(tokens(40), 0));
});

test('a call larger than the limit comes in when nobody else is in', () => {
  const admission = openAdmission({ openTokens: 100 });
  const leave = admission.enter(tokens(1000), 0);
  assert.throws(() => admission.enter(tokens(1), 0), { code: 'OVERLOADED' });
  leave();
  assert.doesNotThrow(() => admission.enter(tokens(1000), 0));
});

test('four characters of text count as a token', () => {
  const admission = openAdmission({ openTokens: 10 });
  admission.enter(['four'.repeat(9)], 0);
  assert.throws(() => admission.enter(['four', 'four'], 0), { code: 'OVERLOADED' });
  assert.doesNotThrow(() => admission.enter(['four'], 0));
});

test('where priorities are obeyed a call of a higher one comes into a full queue in the place of another', () => {
  const admission = openAdmission({ queuedRequests: 3, displaces: true }, 3);
  assert.doesNotThrow(() => {
    admission.checkRoom();
  });
  assert.doesNotThrow(() => admission.enter(['a'], LOWEST_WAITING + 1));
  assert.throws(() => admission.enter(['a'], LOWEST_WAITING), { code: 'OVERLOADED' });
});

test('nobody makes room for a call that the limit of tokens refuses', () => {
  const limits = { ...NO_ADMISSION_LIMITS, queuedRequests: 1, openTokens: 100, displaces: true };
  const waiting = { waitingCount: 0, displace: () => assert.fail('somebody had to go') };
  const admission = new Admission(limits, waiting);
  admission.enter(tokens(60), 0);
  waiting.waitingCount = 1;
  assert.throws(() => admission.enter(tokens(60), 9), { message: /tokens would be open/ });
});
