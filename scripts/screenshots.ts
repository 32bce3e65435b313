// Pictures of the pages for the README, of a server on the model that ships: `npm run docs:screenshots`.

import { mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { launchServer } from '../test/fixtures/run-cli.ts';
import { findBrowser, openBrowser } from './open-browser.ts';

const FOLDER = fileURLToPath(new URL('../../docs/images/', import.meta.url));

/** A README should not take seconds to load. */
const MOST_BYTES = 200_000;

interface Picture {
  name: string;
  path: string;
  colorScheme: 'light' | 'dark';
  height: number;
  /** What a user would do before looking. */
  prepare: (page: Page) => Promise<void>;
}

const PICTURES: readonly Picture[] = [
  {
    name: 'page-light.png',
    path: '/',
    colorScheme: 'light',
    height: 840,
    prepare: async (page) => {
      await page.getByRole('heading', { name: 'Similarity' }).waitFor();
    },
  },
  {
    name: 'page-dark.png',
    path: '/',
    colorScheme: 'dark',
    height: 800,
    prepare: async (page) => {
      await page.getByRole('radio', { name: 'With an instruction' }).check();
      await page.getByText('Rows as queries, against rows as documents').waitFor();
      await page.getByRole('button', { name: /^64/ }).click();
    },
  },
  {
    name: 'docs.png',
    path: '/docs',
    colorScheme: 'light',
    height: 800,
    prepare: async (page) => {
      await page.getByRole('heading', { name: '/v1/embeddings' }).waitFor();
    },
  },
];

async function take(browser: Browser, url: string, picture: Picture): Promise<void> {
  const { name, path, colorScheme, height, prepare } = picture;
  const page = await browser.newPage({ colorScheme, viewport: { width: 1120, height } });
  await page.goto(`${url}${path}`);
  await prepare(page);
  await page.screenshot({ path: `${FOLDER}${name}` });
  await page.close();
  const { size } = statSync(`${FOLDER}${name}`);
  console.log(`docs/images/${name}: ${String(Math.round(size / 1000))} KB`);
  if (size > MOST_BYTES) throw new Error(`${name} has more than ${String(MOST_BYTES)} bytes`);
}

const executable = findBrowser();
if (executable === null) throw new Error('no Chromium on this machine: apt-get install chromium');
mkdirSync(FOLDER, { recursive: true });
const server = await launchServer(['--port', '0', '--device', 'cpu']);
const browser = await openBrowser(executable);
try {
  for (const picture of PICTURES) await take(browser, server.url, picture);
} finally {
  await browser.close();
  await server.end();
}
