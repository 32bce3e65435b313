// Fills the generated regions of README.md from the table of options: `npm run docs`. A test fails when they are stale.
import { readFileSync, writeFileSync } from 'node:fs';
import type { CommandName } from '../src/config/rows.ts';
import { renderOptionsTable } from '../src/config/render.ts';

const README = new URL('../../README.md', import.meta.url);

/** README with every region between `<!-- options COMMAND -->` and `<!-- /options -->` rendered anew. */
export function renderReadme(text: string): string {
  return text.replace(
    /(<!-- options (\w+) -->\n)[\s\S]*?(<!-- \/options -->)/g,
    (_all, open: string, command: string, close: string) =>
      `${open}\n${renderOptionsTable(command as CommandName)}\n\n${close}`,
  );
}

if (process.argv.includes('--write')) writeFileSync(README, renderReadme(readFileSync(README, 'utf8')));
