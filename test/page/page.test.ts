import assert from 'node:assert/strict';
import { assertAccessible, cosinesOf, embedTexts, openPage, pageTest, readHeatMap } from './open-page.ts';

const TEXTS = ['red', 'green', 'blue', '黄色', "it's 5 o'clock"];

pageTest("the heat map shows the cosines of the API's vectors", async (t) => {
  const { page, server } = await openPage(t);
  await embedTexts(page, TEXTS);
  assert.deepEqual(await readHeatMap(page), await cosinesOf(server.url, TEXTS, [{}, {}]));
});

pageTest('at a shorter length the heat map shows what the API gives for that length', async (t) => {
  const { page, server } = await openPage(t);
  await embedTexts(page, TEXTS);
  const slider = page.getByRole('slider', { name: 'Dimensions' });
  await slider.press('Home');
  assert.equal(await slider.getAttribute('aria-valuetext'), '32 of 64');
  const cut = { dimensions: 32 };
  assert.deepEqual(await readHeatMap(page), await cosinesOf(server.url, TEXTS, [cut, cut]));
  assert.match((await page.locator('.changes').textContent()) ?? '', /^32 of 64 numbers: \d+ % of all pairs/);
  await page.getByRole('button', { name: /^64/ }).click();
  assert.deepEqual(await readHeatMap(page), await cosinesOf(server.url, TEXTS, [{}, {}]));
});

pageTest('rows read as queries are compared with columns read as documents', async (t) => {
  const { page, server } = await openPage(t);
  await embedTexts(page, TEXTS);
  await page.getByRole('radio', { name: 'As queries' }).check();
  await page.getByText('Rows as queries, against rows as documents').waitFor();
  const expected = await cosinesOf(server.url, TEXTS, [{ input_type: 'query' }, { input_type: 'document' }]);
  assert.deepEqual(await readHeatMap(page), expected);
});

pageTest('an instruction of the user goes before the queries', async (t) => {
  const { page, server } = await openPage(t);
  await embedTexts(page, TEXTS);
  await page.getByRole('radio', { name: 'With an instruction' }).check();
  await page.getByRole('textbox', { name: 'Instruction' }).fill('find the colour');
  const answered = page.waitForResponse(
    (response) => response.request().postData()?.includes('find the colour') === true,
  );
  await page.getByRole('button', { name: 'Embed' }).click();
  await answered;
  const readings = [{ instruction: 'find the colour' }, { input_type: 'document' }] as const;
  const expected = await cosinesOf(server.url, TEXTS, readings);
  await page
    .getByRole('cell', { name: expected[0]?.[1] ?? '', exact: true })
    .first()
    .waitFor();
  assert.deepEqual(await readHeatMap(page), expected);
});

pageTest('the nearest texts are in the order of the heat map, with how far each moved', async (t) => {
  const { page } = await openPage(t);
  await embedTexts(page, TEXTS);
  await page.getByRole('radio', { name: 'blue' }).check();
  await page.getByRole('slider').press('Home');
  const list = page.getByRole('region', { name: 'Nearest to 3' });
  const cosines = await list.locator('tbody td:nth-child(2)').allTextContents();
  assert.equal(cosines.length, TEXTS.length - 1);
  assert.deepEqual(
    cosines,
    [...cosines].sort((a, b) => Number(b.replace('−', '-')) - Number(a.replace('−', '-'))),
  );
  const moves = await list.locator('tbody td:nth-child(3)').allTextContents();
  const places = moves.map((move) => (move.includes('down') ? -1 : 1) * Number(/\d+/.exec(move)?.[0] ?? 0));
  assert.equal(
    places.reduce((sum, move) => sum + move, 0),
    0,
  );
});

pageTest('a point of the map chooses its text', async (t) => {
  const { page } = await openPage(t);
  await embedTexts(page, TEXTS);
  assert.equal(await page.locator('.map .point').count(), TEXTS.length);
  await page.locator('.map .point', { hasText: '黄色' }).click();
  assert.equal(await page.getByRole('radio', { name: '黄色' }).isChecked(), true);
});

pageTest('the copy button copies the code that is shown', async (t) => {
  const context = { permissions: ['clipboard-read', 'clipboard-write'] };
  const { page } = await openPage(t, { context });
  await embedTexts(page, TEXTS);
  for (const [language, beginning] of [
    ['curl', 'curl http'],
    ['Python', 'from openai'],
    ['TypeScript', 'import OpenAI'],
  ] as const) {
    await page.getByRole('radio', { name: language }).check();
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByText('Copied').waitFor();
    const copied = await page.evaluate<string>('navigator.clipboard.readText()');
    assert.equal(copied, await page.locator('pre code').textContent());
    assert.ok(copied.startsWith(beginning), copied);
  }
});

pageTest('where the browser gives no clipboard, the code is selected', async (t) => {
  const { page } = await openPage(t);
  await page.getByRole('button', { name: 'Copy' }).waitFor();
  await page.evaluate(`navigator.clipboard.writeText = () => Promise.reject(new Error('no'))`);
  await page.getByRole('button', { name: 'Copy' }).click();
  await page.getByText('Selected: press Ctrl+C').waitFor();
  assert.equal(
    await page.evaluate('getSelection().toString().trim()'),
    (await page.locator('pre code').textContent())?.trim(),
  );
});

for (const [colorScheme, ground] of [
  ['light', 'rgb(245, 243, 238)'],
  ['dark', 'rgb(18, 23, 22)'],
] as const) {
  pageTest(`in ${colorScheme} colours axe-core finds nothing wrong`, async (t) => {
    const { page } = await openPage(t, { context: { colorScheme } });
    await page.getByRole('radio', { name: 'As queries' }).check();
    await page.getByText('Rows as queries, against').waitFor();
    await page.getByRole('slider').press('Home');
    assert.equal(await page.evaluate('getComputedStyle(document.body).backgroundColor'), ground);
    await assertAccessible(page);
  });
}

pageTest('the whole page can be used by keys alone', async (t) => {
  const { page } = await openPage(t);
  await page.getByRole('table', { name: /Cosine of each text/ }).waitFor();
  const focused = () =>
    page.evaluate<string>(
      `(({ id, name, tagName, textContent }) => id || name || tagName + ' ' + textContent)(document.activeElement)`,
    );
  const stops = [
    'A API',
    'texts',
    'row-kind',
    'BUTTON Embed',
    'dimensions',
    'BUTTON 32 ',
    'BUTTON 64 ',
    'selected',
  ];
  for (const stop of stops) {
    await page.keyboard.press('Tab');
    assert.ok((await focused()).startsWith(stop), `${await focused()} instead of ${stop}`);
  }
  await page.keyboard.press('ArrowDown');
  await page.getByRole('heading', { name: 'Nearest to 2' }).waitFor();
  for (const stop of ['BUTTON Copy', 'language', 'PRE']) {
    await page.keyboard.press('Tab');
    assert.ok((await focused()).startsWith(stop), `${await focused()} instead of ${stop}`);
  }
});

pageTest('Ctrl+Enter in the texts embeds them', async (t) => {
  const { page } = await openPage(t);
  await page.getByRole('textbox', { name: 'Texts' }).fill('one\n\ntwo\n');
  await page.getByRole('textbox', { name: 'Texts' }).press('Control+Enter');
  await page.getByText('2 texts,').waitFor();
});

pageTest('too few and too many texts are told before anything is asked', async (t) => {
  const { page } = await openPage(t);
  const send = page.getByRole('button', { name: 'Embed' });
  await page.getByRole('textbox', { name: 'Texts' }).fill('alone');
  await page.getByText('Write at least two texts').waitFor();
  assert.equal(await send.isDisabled(), true);
  await page.getByRole('textbox', { name: 'Texts' }).fill('a\n'.repeat(65));
  await page.getByText('There are 65 texts; the page compares 64 at most').waitFor();
  assert.equal(await send.isDisabled(), true);
});

for (const width of [360, 768, 1100, 1600]) {
  pageTest(`a window ${String(width)} pixels wide is wide enough`, async (t) => {
    const { page } = await openPage(t, { context: { viewport: { width, height: 900 } } });
    await page.getByRole('radio', { name: 'With an instruction' }).check();
    await page.getByText('Rows as queries, against').waitFor();
    await page.getByRole('slider').press('Home');
    const widths = await page.evaluate('[document.documentElement.scrollWidth, innerWidth]');
    assert.deepEqual(widths, [width, width]);
  });
}

pageTest('64 texts are compared', async (t) => {
  const { page } = await openPage(t);
  await embedTexts(
    page,
    Array.from({ length: 64 }, (_, index) => `text ${String(index)}`),
  );
  assert.equal(await page.locator('.heat td').count(), 64 * 64);
});
