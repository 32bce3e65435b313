// Fills the generated regions of pages from the table of options and the catalog of models: `npm run docs`. A test fails
// when they are stale.
import { readFileSync, writeFileSync } from 'node:fs';
import type { CommandName } from '../src/config/rows.ts';
import { renderOptionsTable } from '../src/config/render.ts';
import { CATALOG } from '../src/models/catalog.ts';

/** The pages with such regions. */
export const PAGES = ['docs/commands.md', 'docs/downloads.md'] as const;

/** A page with every region between `<!-- options COMMAND -->` or `<!-- models -->` and its end rendered anew. */
export function renderRegions(text: string): string {
  return text
    .replace(
      /(<!-- options (\w+) -->\n)[\s\S]*?(<!-- \/options -->)/g,
      (_all, open: string, command: string, close: string) =>
        `${open}\n${renderOptionsTable(command as CommandName)}\n\n${close}`,
    )
    .replace(
      /(<!-- models -->\n)[\s\S]*?(<!-- \/models -->)/,
      (_all, open: string, close: string) => `${open}\n${renderModelsTable()}\n\n${close}`,
    );
}

function renderModelsTable(): string {
  const rows = CATALOG.models.map(({ size, repo, gguf, parameters, layers, dimensions, contextTokens }) => [
    `\`${size}\``,
    `\`${repo}\`, ${((2 * parameters) / 1e9).toFixed(1)} GB`,
    `\`${gguf.repo}\`: ${gguf.quantizations.join(', ')}`,
    String(layers),
    String(dimensions),
    contextTokens.toLocaleString('en-US'),
  ]);
  const titles = ['short name', 'safetensors (bf16)', 'GGUF', 'layers', 'dimensions', 'context'];
  return [titles, titles.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

if (process.argv.includes('--write'))
  for (const page of PAGES) {
    const path = new URL(`../../${page}`, import.meta.url);
    writeFileSync(path, renderRegions(readFileSync(path, 'utf8')));
  }
