// A Chromium of this machine, driven by Playwright: for the tests of the pages and for their screenshots.
// Playwright's own download of browsers is not used; Debian's `chromium` and Chrome will do.

import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PLACES = [
  process.env['CHROME_PATH'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Null = there is none. */
export function findBrowser(): string | null {
  return PLACES.find((path) => path !== '' && existsSync(path)) ?? null;
}

export function openBrowser(executablePath: string): Promise<Browser> {
  // Containers give root no sandbox and /dev/shm few megabytes.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}
