// A page of a server over a FakeEmbedder in a real browser, all closed when its test ends; and what browsers tell of it.

import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { findBrowser, openBrowser } from '../../scripts/open-browser.ts';
import type { ServerOptions } from '../../src/server/server.ts';
import { openServingServer, openTestServer, type TestServer } from '../unit/server/open-test-server.ts';

const executable = findBrowser();

let browser: Promise<Browser> | null = null;
after(async () => (await browser)?.close());

type PageTest = (t: TestContext) => Promise<void>;

/** A test that needs a browser, and says so where there is none. */
export function pageTest(title: string, run: PageTest): void {
  const skip = executable === null ? 'no Chromium on this machine: apt-get install chromium' : false;
  test(title, { skip }, run);
}

export interface OpenedPage extends TestServer {
  page: Page;
  /** Every address that the page has asked for. */
  requests: string[];
}

interface PageOptions {
  path?: string;
  /** Whether the server has its embedder. */
  isServing?: boolean;
  server?: Partial<ServerOptions>;
  context?: BrowserContextOptions;
  /** Before the page is loaded. */
  prepare?: (page: Page) => Promise<void>;
}

export async function openPage(t: TestContext, options: PageOptions = {}): Promise<OpenedPage> {
  const open = options.isServing === false ? openTestServer : openServingServer;
  const opened = await open(t, { ui: true, ...options.server });
  browser ??= openBrowser(executable ?? '');
  const context = await (await browser).newContext(options.context);
  t.after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  await options.prepare?.(page);
  await page.goto(`${opened.server.url}${options.path ?? '/'}`);
  return { ...opened, page, requests };
}

/** Types texts, one a line, and asks for their vectors. */
export async function embedTexts(page: Page, texts: readonly string[]): Promise<void> {
  await page.getByRole('textbox', { name: 'Texts' }).fill(texts.join('\n'));
  await page.getByRole('button', { name: 'Embed' }).click();
  await page.getByText(`${String(texts.length)} texts,`).waitFor();
}

/** The numbers of the heat map, row by row. */
export async function readHeatMap(page: Page): Promise<string[][]> {
  const rows = await page.locator('.heat tbody tr').all();
  return Promise.all(rows.map((row) => row.locator('td').allTextContents()));
}

/** Cosines that the API gives for two requests, written as the page writes them. */
export async function cosinesOf(
  url: string,
  texts: readonly string[],
  [rows, columns]: readonly [object, object],
): Promise<string[][]> {
  const [a, b] = await Promise.all([embed(url, texts, rows), embed(url, texts, columns)]);
  return a.map((row) =>
    b.map((column) => {
      const cosine = row.reduce((sum, value, index) => sum + value * (column[index] ?? 0), 0);
      return cosine.toFixed(2).replace('-', '−').replace('−0.00', '0.00');
    }),
  );
}

async function embed(url: string, input: readonly string[], more: object): Promise<number[][]> {
  const response = await fetch(`${url}/v1/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ input, ...more }),
  });
  const { data } = (await response.json()) as { data: { embedding: number[] }[] };
  return data.map(({ embedding }) => embedding);
}

/** Fails with what axe-core finds wrong for those who use keys or a screen reader, or see little. */
export async function assertAccessible(page: Page): Promise<void> {
  await page.evaluate(axe.source);
  const found = await page.evaluate<{ id: string; nodes: string[] }[]>(
    `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html) })))`,
  );
  assert.deepEqual(found, []);
}
