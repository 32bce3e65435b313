import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePriority, type PriorityRules } from '../../../src/server/priority-request.ts';

const obeyed = (changes: object = {}): PriorityRules => ({
  kind: 'obeyed',
  lowFirst: false,
  default: null,
  ...changes,
});

test('the higher goes first, or the lower, and who names none goes last or gets the default', () => {
  assert.equal(parsePriority({ priority: 7 }, obeyed()), 7);
  assert.equal(parsePriority({ priority: 7 }, obeyed({ lowFirst: true })), -7);
  for (const lowFirst of [false, true])
    for (const priority of [-1_000_000, 0, 1_000_000])
      assert.ok(parsePriority({}, obeyed({ lowFirst })) < parsePriority({ priority }, obeyed({ lowFirst })));
  assert.equal(parsePriority({}, obeyed({ default: 3, lowFirst: true })), -3);
});

test('a server that obeys no priority ignores it, or refuses it where it was told to', () => {
  assert.equal(parsePriority({ priority: 7 }, { kind: 'ignored' }), 0);
  assert.equal(parsePriority({ priority: null }, { kind: 'refused' }), 0);
  assert.throws(() => parsePriority({ priority: 7 }, { kind: 'refused' }), {
    code: 'INVALID_REQUEST',
    message: 'this server obeys no priority: it runs without --enable-priority-scheduling',
  });
});

test('what is no integer of 32 bits is refused', () => {
  for (const priority of ['7', 1.5, 2 ** 31, {}])
    assert.throws(() => parsePriority({ priority }, obeyed()), { code: 'INVALID_REQUEST' });
});
