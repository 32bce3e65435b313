import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeOptions, type Given } from '../../../src/config/judge.ts';
import type { JsonValue } from '../../../src/config/options.ts';
import type { Accepted, Rejected } from '../../../src/config/rows.ts';

const given = (flag: string, verdict: Accepted | Rejected, value: JsonValue = 'x'): Given => ({
  option: {
    name: flag,
    group: 'Test',
    row: { flag, kind: 'text', value: 'X', default: null, on: ['launch'], doc: 'x', ...verdict },
  },
  value,
});
const idle = { class: 'accept', why: 'it is of no use' } as const;
const refused = { class: 'reject', why: 'it is untrue', instead: null, unless: ['one', 'two'] } as const;

test('one option without effect is told with its reason, several in one line', () => {
  assert.equal(judgeOptions([given('a', idle)]), '--a has no effect here: it is of no use');
  assert.equal(
    judgeOptions([given('a', idle), given('b', idle)]),
    '2 flags have no effect here: --a, --b (docs/flags.md says why)',
  );
});

test('nothing is said of switches that are off and of what is so anyway', () => {
  assert.equal(
    judgeOptions([
      given('a', idle, false),
      given('b', { ...idle, isAlways: true }),
      given('c', refused, 'one'),
      given('d', refused, false),
    ]),
    null,
  );
});

test('a harmless value other than the one that holds draws the notice', () => {
  assert.equal(judgeOptions([given('c', refused, 'two')]), '--c has no effect here: it is untrue');
});

test('all refused options are named at once, with each reason and each way out said once', () => {
  const others = { ...refused, instead: 'use --e' };
  assert.throws(
    () => judgeOptions([given('a', idle), given('b', refused), given('c', others), given('d', others)]),
    {
      message: 'cannot be honoured here: --b, --c, --d (it is untrue)',
      hint: '--c, --d: use --e; leave out --b',
    },
  );
});
