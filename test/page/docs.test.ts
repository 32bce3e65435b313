import assert from 'node:assert/strict';
import { assertAccessible, openPage, pageTest } from './open-page.ts';

pageTest('/docs shows every route of /openapi.json with what may be refused', async (t) => {
  const { page, server } = await openPage(t, { path: '/docs' });
  await page.getByRole('heading', { name: '/v1/embeddings' }).waitFor();
  const { paths } = (await server.app.inject('/openapi.json')).json<{ paths: Record<string, object> }>();
  const shown = await page.locator('article h3 code').allTextContents();
  assert.deepEqual(shown.sort(), Object.keys(paths).sort());
  const refusals = page.locator('article', { hasText: '/v1/embeddings' }).first().locator('.refusals');
  assert.match((await refusals.textContent()) ?? '', /429[a-z, ]*overloaded/);
});

pageTest('/docs says of a body what it may hold', async (t) => {
  const { page } = await openPage(t, { path: '/docs' });
  const field = page.locator('#embeddings .fields > li', { hasText: 'encoding_format' });
  const text = (await field.textContent()) ?? '';
  assert.match(text, /"float", "base64", without it "float"base64 is little-endian float32/);
});

for (const colorScheme of ['light', 'dark'] as const) {
  pageTest(
    `axe-core finds nothing wrong with /docs in ${colorScheme} colours, all of it opened`,
    async (t) => {
      const { page } = await openPage(t, { path: '/docs', context: { colorScheme } });
      await page.getByRole('heading', { name: '/v1/embeddings' }).waitFor();
      await page.evaluate(`document.querySelectorAll('details').forEach((each) => (each.open = true))`);
      await assertAccessible(page);
    },
  );
}

pageTest('/docs fits a phone', async (t) => {
  const { page } = await openPage(t, { path: '/docs', context: { viewport: { width: 360, height: 800 } } });
  await page.getByRole('heading', { name: '/v1/embeddings' }).waitFor();
  await page.evaluate(`document.querySelectorAll('details').forEach((each) => (each.open = true))`);
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360);
});
