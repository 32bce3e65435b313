// Pictures of the pages and of the terminal for the README, of a server on the model that ships:
// `npm run docs:screenshots`, or with names of pictures behind `--`.

import { mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { launchServer } from '../test/fixtures/run-cli.ts';
import { findBrowser, openBrowser } from './open-browser.ts';
import { drawSession, recordSession, type Session } from './terminal-picture.ts';

const CLI = fileURLToPath(new URL('../../bin/qwen-embed.js', import.meta.url));

const FOLDER = fileURLToPath(new URL('../../docs/images/', import.meta.url));

/** A README should not take seconds to load. */
const MOST_BYTES = 200_000;

interface Picture {
  name: string;
  path: string;
  colorScheme: 'light' | 'dark';
  height: number;
  /** The part to show; without it, the window. */
  of?: string;
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
    name: 'page-map.png',
    path: '/',
    colorScheme: 'light',
    height: 840,
    of: '.pair',
    prepare: async (page) => {
      await page.getByRole('radio', { name: 'How do I delete a file?' }).check();
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
  const { name, path, colorScheme, height, of, prepare } = picture;
  const page = await browser.newPage({ colorScheme, viewport: { width: 1120, height } });
  await page.goto(`${url}${path}`);
  await prepare(page);
  await (of === undefined ? page : page.locator(of)).screenshot({ path: `${FOLDER}${name}` });
  await page.close();
  tell(name);
}

async function takeTerminal(browser: Browser, name: string, session: Session): Promise<void> {
  await drawSession(browser, await recordSession(session), `${FOLDER}${name}`);
  tell(name);
}

function tell(name: string): void {
  const { size } = statSync(`${FOLDER}${name}`);
  console.log(`docs/images/${name}: ${String(Math.round(size / 1000))} KB`);
  if (size > MOST_BYTES) throw new Error(`${name} has more than ${String(MOST_BYTES)} bytes`);
}

const sessionsOf = (url: string): Record<string, Session> => ({
  'launch.png': {
    shown: 'qwen-embed launch',
    command: [process.execPath, CLI, 'launch', '--port', '0', '--device', 'cpu'],
    until: /The server is fired up and ready to roll!/,
  },
  'bench.png': {
    shown: 'qwen-embed bench --texts 2000',
    command: [process.execPath, CLI, 'bench', '--url', url, '--texts', '2000'],
    until: null,
  },
});

const executable = findBrowser();
if (executable === null) throw new Error('no Chromium on this machine: apt-get install chromium');
mkdirSync(FOLDER, { recursive: true });
const wanted = process.argv.slice(2);
const isWanted = (name: string) => wanted.length === 0 || wanted.includes(name);
const server = await launchServer(['--port', '0', '--device', 'cpu']);
const browser = await openBrowser(executable);
try {
  for (const picture of PICTURES) if (isWanted(picture.name)) await take(browser, server.url, picture);
  for (const [name, session] of Object.entries(sessionsOf(server.url)))
    if (isWanted(name)) await takeTerminal(browser, name, session);
} finally {
  await browser.close();
  await server.end();
}
