import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completeSettings } from '../../../src/config/complete.ts';
import { defaultsOf } from '../../../src/config/options.ts';
import { Fault } from '../../../src/faults.ts';

const refused = (settings: object, problem: RegExp): void => {
  assert.throws(
    () => completeSettings('launch', settings),
    (error) => error instanceof Fault && error.code === 'BAD_OPTION' && problem.test(error.message),
  );
};

test('what a program leaves out, or gives as undefined, has its default', () => {
  assert.deepEqual(completeSettings('launch', { host: undefined }), defaultsOf('launch'));
});

test('what a program gives is taken as it is, null where the default is null', () => {
  const given = { port: 0, enableMetrics: true, modelPath: null, maxRunningRequests: 4 };
  assert.deepEqual(completeSettings('launch', given), { ...defaultsOf('launch'), ...given });
});

test('a value is held to the row that the command line is held to', () => {
  refused({ port: 70_000 }, /^--port: 70000 is outside 0 to 65535$/);
  refused({ device: 'abacus' }, /^--device: "abacus" is not one of /);
});

test('a value of another type is refused, null where there is a default too, and a secret is not repeated', () => {
  refused({ port: '30000' }, /^--port: wants a number$/);
  refused({ port: null }, /^--port: wants a number$/);
  refused({ apiKey: 12345 }, /^--api-key: wants a string$/);
});

test('a name that no option has is refused, and so is one that is accepted without effect', () => {
  refused({ modelpath: 'a.gguf' }, /^modelpath: there is no such setting$/);
  refused({ 'enable-flashinfer': true }, /^enable-flashinfer: there is no such setting$/);
});
