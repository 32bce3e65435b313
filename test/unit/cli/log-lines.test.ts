import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isShown, renderLogLine } from '../../../src/cli/terminal.ts';

test('a line as JSON is one object: time, level, message, then its fields, errors by their stacks', () => {
  const cause = new TypeError('boom\nbang');
  const fields = { requestId: 'req_1', cause };
  const line = renderLogLine({ level: 'error', message: 'internal error', fields }, new Date(0));
  assert.ok(!line.includes('\n'));
  assert.deepEqual(Object.entries(JSON.parse(line) as object), [
    ['time', '1970-01-01T00:00:00.000Z'],
    ['level', 'error'],
    ['message', 'internal error'],
    ['requestId', 'req_1'],
    ['cause', cause.stack],
  ]);
});

test('what is less important than asked for is not shown', () => {
  assert.deepEqual(
    [isShown('debug', 'info'), isShown('info', 'info'), isShown('error', 'warn')],
    [false, true, true],
  );
});
