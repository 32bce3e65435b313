import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readHubSettings } from '../../../src/download/settings.ts';

const HOME = '/home/ada';
const read = (env: Record<string, string>, overrides = {}) => readHubSettings(env, overrides, HOME);

test('without variables the Hub and the cache of the Python tools are used', () => {
  const settings = read({});
  assert.equal(settings.endpoint, 'https://huggingface.co');
  assert.equal(settings.cacheFolder, '/home/ada/.cache/huggingface/hub');
  assert.deepEqual(settings.token, { file: '/home/ada/.cache/huggingface/token' });
  assert.equal(settings.offline, false);
});

const CACHES: [Record<string, string>, string][] = [
  [{ HF_HUB_CACHE: '/c', HUGGINGFACE_HUB_CACHE: '/d', HF_HOME: '/e' }, '/c'],
  [{ HUGGINGFACE_HUB_CACHE: '/d', HF_HOME: '/e' }, '/d'],
  [{ HF_HOME: '/e', XDG_CACHE_HOME: '/x' }, '/e/hub'],
  [{ XDG_CACHE_HOME: '/x' }, '/x/huggingface/hub'],
  [{ HF_HOME: '~/hf' }, '/home/ada/hf/hub'],
  [{ HF_HUB_CACHE: '$DISK/${NAME}/$UNSET', DISK: '/disk', NAME: 'hub' }, '/disk/hub/$UNSET'],
  [{ HF_HUB_CACHE: ' ', HF_HOME: '/e' }, '/e/hub'],
];
for (const [env, folder] of CACHES)
  test(`the cache of ${JSON.stringify(env)} is ${folder}`, () => {
    assert.equal(read(env).cacheFolder, folder);
  });

test('a token in the environment beats the token file, an option beats both', () => {
  assert.deepEqual(read({ HF_TOKEN: 'a\n', HUGGING_FACE_HUB_TOKEN: 'b' }).token, { value: 'a' });
  assert.deepEqual(read({ HF_TOKEN: 'a' }, { token: 'c' }).token, { value: 'c' });
  assert.deepEqual(read({ HF_TOKEN_PATH: '~/t' }).token, { file: '/home/ada/t' });
});

test('HF_HUB_DISABLE_IMPLICIT_TOKEN leaves the token file unread', () => {
  assert.equal(read({ HF_HUB_DISABLE_IMPLICIT_TOKEN: 'YES' }).token, null);
});

for (const on of ['1', 'on', 'Yes', 'TRUE'])
  test(`HF_HUB_OFFLINE=${on} is offline`, () => {
    assert.equal(read({ HF_HUB_OFFLINE: on }).offline, true);
  });

test('a mirror keeps its path and loses its trailing slash', () => {
  assert.equal(read({ HF_ENDPOINT: 'https://mirror.example/hf/' }).endpoint, 'https://mirror.example/hf');
});

test('an endpoint that is no address is refused', () => {
  assert.throws(() => read({ HF_ENDPOINT: 'ftp://x' }), { code: 'BAD_OPTION' });
});

test('ModelScope has an endpoint and a token of its own, never the one of the Hub', () => {
  const settings = read({
    QWEN_EMBED_SOURCE: 'modelscope',
    HF_TOKEN: 'hub',
    HF_ENDPOINT: 'https://mirror.example',
  });
  assert.deepEqual([settings.endpoint, settings.token], ['https://modelscope.cn', null]);
});

test('HF_HUB_DOWNLOAD_TIMEOUT is in seconds', () => {
  assert.equal(read({ HF_HUB_DOWNLOAD_TIMEOUT: '30' }).timing.idleMs, 30_000);
});

test("SGLang's switch for ModelScope chooses it, below this program's own", () => {
  assert.equal(readHubSettings({ SGLANG_USE_MODELSCOPE: 'true' }).source, 'modelscope');
  assert.equal(readHubSettings({ SGLANG_USE_MODELSCOPE: '0' }).source, 'huggingface');
  const both = { SGLANG_USE_MODELSCOPE: 'true', QWEN_EMBED_SOURCE: 'huggingface' };
  assert.equal(readHubSettings(both).source, 'huggingface');
});

test('HF_HUB_ETAG_TIMEOUT is the patience with listings alone', () => {
  const { idleMs, listingMs } = read({ HF_HUB_ETAG_TIMEOUT: '3' }).timing;
  assert.deepEqual([idleMs, listingMs], [10_000, 3_000]);
});
