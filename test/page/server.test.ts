import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPages } from '../../src/server/pages.ts';
import { openServingServer } from '../unit/server/open-test-server.ts';
import { assertAccessible, embedTexts, openPage, pageTest } from './open-page.ts';

const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

test('those who ask for HTML get the page at /, others the answer that there always was', async (t) => {
  const { server } = await openServingServer(t, { ui: true });
  const page = await server.app.inject({ url: '/', headers: BROWSER });
  assert.match(page.body, /<title>qwen-embed<\/title>/);
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
  for (const accept of ['*/*', 'application/json'])
    assert.equal(
      (await server.app.inject({ url: '/', headers: { accept } })).body,
      '"qwen-embed is running"',
    );
});

test('both pages with all their files weigh less than 60 KB', () => {
  const pages = readPages();
  assert.ok(pages !== null, 'npm run build:page builds them');
  const sizeBytes = [...pages.values()].reduce((sum, { length }) => sum + length, 0);
  assert.ok(sizeBytes < 60_000, String(sizeBytes));
});

test('without the pages / is for machines and /docs is unknown', async (t) => {
  const { server } = await openServingServer(t, { ui: false });
  const answers = await Promise.all(
    ['/', '/docs', '/assets/x.js'].map((url) => server.app.inject({ url, headers: BROWSER })),
  );
  assert.deepEqual(
    answers.map(({ statusCode }) => statusCode),
    [200, 404, 404],
  );
  assert.equal(answers[0]?.body, '"qwen-embed is running"');
});

test('files beside the assets are unknown', async (t) => {
  const { server } = await openServingServer(t, { ui: true });
  for (const url of ['/assets/nothing.js', '/assets/../index.html', '/assets/%2e%2e/index.html'])
    assert.equal((await server.app.inject(url)).statusCode, 404, url);
});

test('a path with the wrong slash at its end leads to the right one, below a prefix too', async (t) => {
  const { server } = await openServingServer(t, { ui: true, rootPath: '/a/b' });
  const lead = async (url: string) => {
    const { statusCode, headers } = await server.app.inject({ url, headers: BROWSER });
    return [statusCode, new URL(headers.location ?? '', `http://host${url}`).pathname];
  };
  assert.deepEqual(await lead('/a/b'), [308, '/a/b/']);
  assert.deepEqual(await lead('/a/b/docs/'), [308, '/a/b/docs']);
  assert.deepEqual(await lead('/docs/?x=1'), [308, '/docs']);
});

pageTest('the page works below a prefix', async (t) => {
  const { page } = await openPage(t, { path: '/team', server: { rootPath: '/team' } });
  await embedTexts(page, ['a', 'b']);
  assert.match(
    (await page.locator('pre code').textContent()) ?? '',
    /^curl http:\/\/[^/]+\/team\/v1\/embeddings/,
  );
});

for (const path of ['/', '/docs']) {
  pageTest(`no request of ${path} leaves the server, and the browser would not let one`, async (t) => {
    const { page, server, requests } = await openPage(t, { path });
    await page.getByRole('heading', { name: path === '/' ? 'Similarity' : '/v1/embeddings' }).waitFor();
    assert.ok(requests.length > 4);
    assert.deepEqual(
      requests.filter((url) => new URL(url).origin !== server.url),
      [],
    );
    const refused = await page.evaluate<string>(`new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', (event) => resolve(event.violatedDirective));
      fetch('http://127.0.0.1:9/').catch(() => undefined);
    })`);
    assert.equal(refused, 'connect-src');
  });
}

pageTest('a server with a key is asked for it on the page, which keeps it nowhere', async (t) => {
  const { page } = await openPage(t, { server: { keys: { api: 'sesame', admin: null } } });
  const key = page.getByLabel('API key');
  await key.fill('wrong');
  const refused = page.waitForResponse((response) => response.status() === 401);
  await page.getByRole('button', { name: 'Use it' }).click();
  await refused;
  await page.getByRole('alert').waitFor();
  await key.fill('sesame');
  await page.getByRole('button', { name: 'Use it' }).click();
  await page.getByRole('table', { name: /Cosine/ }).waitFor();
  assert.equal(await key.isVisible(), false);
  const code = (await page.locator('pre code').textContent()) ?? '';
  assert.match(code, /Bearer \$QWEN_EMBED_API_KEY/);
  const kept = 'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href])';
  assert.doesNotMatch((await page.evaluate<string>(kept)) + (await page.content()), /sesame/);
  await page.reload();
  await key.waitFor();
});

pageTest("a refusal is shown in the server's words, with its hint", async (t) => {
  const { page } = await openPage(t);
  await page.getByRole('textbox', { name: 'Texts' }).fill(`short\n${'long '.repeat(200)}`);
  await page.getByRole('button', { name: 'Embed' }).click();
  const note = (await page.getByRole('alert').textContent()) ?? '';
  assert.match(note, /Error 400: input 1 has 1000 tokens, the limit is 512/);
  assert.match(note, /Hint: send "truncate": true/);
  await assertAccessible(page);
});

pageTest('a page of a server that still loads goes on by itself when the model is there', async (t) => {
  const { page, server, embedder } = await openPage(t, {
    isServing: false,
    prepare: (page) => page.clock.install(),
  });
  await page.getByText('Error 503: the model is still loading').waitFor();
  await page.getByText('starting', { exact: true }).waitFor();
  server.serve(embedder);
  await page.clock.runFor(3100);
  await page.getByRole('table', { name: /Cosine/ }).waitFor();
  assert.equal(await page.getByRole('alert').isVisible(), false);
});

pageTest('the load is what the server did since the last look', async (t) => {
  const { page, post } = await openPage(t, { prepare: (page) => page.clock.install() });
  await page.getByText('ready', { exact: true }).waitFor();
  await post({ input: ['aaa', 'bbb', 'ccc'] });
  await page.clock.runFor(3100);
  await page.waitForFunction(`Number(document.querySelector('.load dd').textContent) > 0`);
  const facts = await page.locator('.load dt').allTextContents();
  assert.deepEqual(facts, ['texts/s', 'tokens/s', 'in work', 'waiting']);
});

pageTest('a hidden page asks nothing, and goes on when it is seen again', async (t) => {
  const { page, requests } = await openPage(t, { prepare: (page) => page.clock.install() });
  await page.getByText('ready', { exact: true }).waitFor();
  const asked = () => requests.filter((url) => url.endsWith('/server_info')).length;
  const show = (hidden: boolean) =>
    page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${String(hidden)}, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'))`);
  await show(true);
  const before = asked();
  await page.clock.runFor(60_000);
  assert.equal(asked(), before);
  await show(false);
  const next = page.waitForRequest(/server_info/);
  await page.clock.runFor(10);
  await next;
});
