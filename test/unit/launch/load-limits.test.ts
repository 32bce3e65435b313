import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultsOf } from '../../../src/config/options.ts';
import { planLoadLimits } from '../../../src/launch/load-limits.ts';
import { NO_ADMISSION_LIMITS } from '../../../src/pool/admission.ts';

const DEFAULTS = defaultsOf('launch');

test('who sets no limit gets none', () => {
  assert.deepEqual(planLoadLimits(DEFAULTS).admission, NO_ADMISSION_LIMITS);
});

test('limits of requests and of tokens reach the pool', () => {
  const settings = { ...DEFAULTS, maxQueuedRequests: 5, maxInflightTokens: 1000, obeysPriority: true };
  const limits = { queuedRequests: 5, openTokens: 1000, displaces: true };
  assert.deepEqual(planLoadLimits(settings).admission, limits);
});

test('--schedule-policy priority makes room for urgent requests as --enable-priority-scheduling does', () => {
  const settings = { ...DEFAULTS, schedulePolicy: 'priority' as const };
  assert.equal(planLoadLimits(settings).admission.displaces, true);
});

for (const [method, balance] of [
  ['auto', 'total_tokens'],
  ['round_robin', 'round_robin'],
  ['total_requests', 'total_requests'],
  ['follow_bootstrap_room', 'total_tokens'],
] as const)
  test(`--load-balance-method ${method} is ${balance} in the pool`, () => {
    assert.equal(planLoadLimits({ ...DEFAULTS, loadBalance: method }).balance, balance);
  });

test('the watchdog is on for five minutes, as long as is said, or off', () => {
  const silenceOf = (settings: object) =>
    planLoadLimits({ ...DEFAULTS, ...settings }).restartLimits.silenceTimeoutMs;
  assert.deepEqual(
    [silenceOf({}), silenceOf({ watchdogTimeoutSeconds: 2 }), silenceOf({ watchdogTimeoutSeconds: 0 })],
    [300_000, 2000, Infinity],
  );
});
