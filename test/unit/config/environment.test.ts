import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeEnvironment, listVariables } from '../../../src/config/environment.ts';

test('every variable has one row with a verdict', () => {
  const names = listVariables().map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { name, verdict } of listVariables()) {
    assert.match(name, /^[A-Z]+(?:_[A-Z]+)+$/);
    assert.match(verdict, /^\S.+[^.\s]$/);
  }
});

test('each variable without effect is named with its reason, and the others are not', () => {
  for (const { name, verdict, isIdle } of listVariables()) {
    const notice = judgeEnvironment({ [name]: '1', PATH: '/bin' });
    assert.equal(notice, isIdle ? `${name} in the environment has no effect here: ${verdict}` : null);
  }
});

test('several are named in one notice, unknown ones too, and empty ones are not set', () => {
  const env = { SGLANG_PORT: '5000', SGL_SOMETHING: '1', SGLANG_USE_MLX: '', SGLANG_USE_MODELSCOPE: '1' };
  assert.equal(
    judgeEnvironment(env),
    '2 variables have no effect here: SGLANG_PORT, SGL_SOMETHING (docs/flags.md says why)',
  );
  assert.equal(judgeEnvironment({ HOME: '/root' }), null);
});
