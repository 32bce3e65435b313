// Where converted models are kept when nobody says it.
import assert from 'node:assert/strict';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { mock, test } from 'node:test';
import { readCacheFolder } from '../../../src/models/places.ts';

const linux = { skip: process.platform !== 'linux' };
const usual = (env: NodeJS.ProcessEnv): string => readCacheFolder({ cacheFolder: null }, env);

function withHome<T>(homedir: () => string, action: () => T): T {
  const mocked = mock.method(os, 'homedir', homedir);
  syncBuiltinESMExports();
  try {
    return action();
  } finally {
    mocked.mock.restore();
    syncBuiltinESMExports();
  }
}

test('XDG_CACHE_HOME holds the cache, unless it is empty or relative', linux, () => {
  assert.equal(usual({ XDG_CACHE_HOME: '/caches' }), '/caches/qwen-embed');
  for (const nowhere of ['', 'caches', './caches'])
    assert.equal(usual({ XDG_CACHE_HOME: nowhere }), usual({}), nowhere);
});

test('an empty HOME is not the folder of the call', linux, () => {
  const folder = withHome(
    () => '',
    () => usual({}),
  );
  assert.equal(folder, `${os.userInfo().homedir}/.cache/qwen-embed`);
});

test("a number without a user and without HOME has the root's cache", linux, () => {
  const nobody = (): never => {
    throw Object.assign(new Error('uv_os_homedir returned ENOENT'), { code: 'ERR_SYSTEM_ERROR' });
  };
  assert.equal(
    withHome(nobody, () => usual({})),
    '/.cache/qwen-embed',
  );
});
