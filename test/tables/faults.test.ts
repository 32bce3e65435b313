import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  EXIT_CODES,
  Fault,
  FAULTS,
  faultFrom,
  faultFromWire,
  type FaultCode,
  type FaultParams,
} from '../../src/faults.ts';

const SOURCE = fileURLToPath(new URL('../../../src/', import.meta.url));
const sources = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && name !== 'faults.ts')
  .map((name) => readFileSync(`${SOURCE}${name}`, 'utf8'))
  .join('\n');

/** Stands for any parameter: a text in sentences, a number in arithmetic. */
const ANY_PARAMS = new Proxy({}, { get: () => 'anything' }) as FaultParams<FaultCode>;

for (const code of Object.keys(FAULTS) as FaultCode[]) {
  const fault = new Fault(code, ANY_PARAMS);
  test(`${code} has a sentence, a hint and an exit code, and is raised somewhere`, () => {
    assert.match(fault.message, /^\S.*[^.]$/s);
    assert.match(fault.hint, /^\S.*[^.]$/s);
    assert.equal(fault.exitCode, EXIT_CODES[fault.kind]);
    assert.ok(sources.includes(`'${code}'`), `nothing raises ${code}`);
  });
}

test('a fault crosses a process boundary whole', () => {
  const sent = new Fault('INPUT_TOO_LONG', { index: 3, tokens: 9, limit: 8 });
  const received = faultFromWire(JSON.parse(JSON.stringify(sent.toWire())));
  assert.deepEqual([received.code, received.message, received.status], ['INPUT_TOO_LONG', sent.message, 400]);
});

test('whatever is no fault becomes BUG and keeps its cause', () => {
  const cause = new TypeError('x is undefined');
  assert.deepEqual([faultFrom(cause).code, faultFrom(cause).cause], ['BUG', cause]);
  assert.equal(faultFromWire({ code: 'NO_SUCH', params: {} }).code, 'BUG');
});

test('a sentence stays one, however long a name in it is', () => {
  const { message } = new Fault('WEIGHTS_CORRUPT', { path: 'a'.repeat(1_000_000), problem: 'is damaged' });
  assert.equal(message.length, 2005);
  assert.match(message, /^aaa.* \.\.\. .*: is damaged$/);
});
