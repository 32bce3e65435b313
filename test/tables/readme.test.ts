// The papers against the tables and against each other: generated regions, the two languages, commands, figures, links.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { renderChart, type Chart } from '../../scripts/plot-performance.ts';
import { PAGES, renderRegions } from '../../scripts/render-regions.ts';
import { renderFlagsPage } from '../../scripts/render-flags.ts';
import { renderHttp } from '../../scripts/render-http.ts';
import { CATALOG } from '../../src/models/catalog.ts';
import { checkArguments } from '../fixtures/check-arguments.ts';
import { readBlocks } from '../fixtures/markdown-blocks.ts';
import { splitProgramCalls } from '../fixtures/shell-words.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const READMES = ['README.md', 'README.zh-CN.md'] as const;
const read = (name: string) => readFileSync(join(ROOT, name), 'utf8');
const squeeze = (text: string) => text.replace(/[ -]+/g, ' ');

/** The headings of a page, as links name them. */
const anchorsOf = (page: string): string[] =>
  [...page.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );

/** Every page for people, by its path. */
const PAPERS = ['.', 'docs', 'examples', 'models', 'scripts/train-nano'].flatMap((folder) =>
  existsSync(join(ROOT, folder))
    ? readdirSync(join(ROOT, folder), { recursive: folder === 'examples', encoding: 'utf8' })
        .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
        .map((name) => join(folder, name))
    : [],
);

for (const page of PAGES)
  test(`the generated regions of ${page} are what the tables say`, () => {
    assert.equal(squeeze(renderRegions(read(page))), squeeze(read(page)), 'run: npm run docs');
  });

test('docs/flags.md is what the tables of options say', () => {
  assert.equal(squeeze(renderFlagsPage()), squeeze(read('docs/flags.md')), 'run: npm run docs');
});

test('docs/http.md is what the table of routes says', () => {
  assert.equal(renderHttp(), read('docs/http.md'), 'run: npm run docs');
});

test('the bars of docs/performance are what its recorded runs say', () => {
  const { charts } = JSON.parse(read('docs/performance/runs.json')) as { charts: Chart[] };
  for (const chart of charts)
    assert.equal(read(`docs/performance/${chart.file}`), renderChart(chart), 'run: npm run docs:plots');
  const drawn = readdirSync(join(ROOT, 'docs/performance')).filter((name) => name.endsWith('.svg'));
  assert.deepEqual(drawn.sort(), charts.map(({ file }) => file).sort());
});

test("the README's two commands exist", () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const commands = [...read('README.md').matchAll(/^npm install && npm (?:run )?([\w:]+)$/gm)];
  assert.equal(commands.length, 2);
  for (const [, name = ''] of commands) assert.ok(name in scripts, name);
});

test('CONTRIBUTING.md says what every script of package.json does', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const page = read('CONTRIBUTING.md');
  // npm runs `prepare` by itself, and `test` and `check` stand before the table.
  for (const name of Object.keys(scripts).filter((script) => !['prepare', 'test'].includes(script)))
    assert.ok(page.includes(`\`${name}\``) || page.includes(`\`npm run ${name}\``), name);
});

test('both READMEs have the same blocks, sections, links, code words and figures', () => {
  const [english, chinese] = READMES.map((name) => {
    const page = read(name);
    const prose = page.replace(/^```[\s\S]*?^```$/gm, '');
    return {
      blocks: readBlocks(page).map(({ language, way, reason, code }) => ({ language, way, reason, code })),
      // Chinese sentences have an order of their own, sections have not.
      sections: prose.split(/^## /m).map((section) => ({
        links: [...section.matchAll(/\]\((?!README)([^)]+)\)|(?:src|srcset)="([^"]+)"/g)]
          .map(([, page, image]) => page ?? image)
          .sort(),
        codes: [...section.matchAll(/`([^`]+)`/g)].map(([, code]) => code).sort(),
        figures: (section.replace(/`[^`]+`/g, '').match(/\d+(?:[.,]\d+)*/g) ?? []).sort(),
      })),
    };
  });
  assert.deepEqual(chinese, english);
});

test("the README's table of models agrees with the catalog and with the pages that its figures are from", () => {
  const rows = [...read('README.md').matchAll(/^\| `(\d\.?\d?B)` +\|(.*)\|$/gm)];
  assert.equal(rows.length, CATALOG.models.length);
  const [, onCpu = ''] = /made ([\d,]+) tokens\/s/.exec(read('README.md')) ?? [];
  assert.match(read('docs/performance.md'), new RegExp(`^\\| bf16 \\| ${onCpu} `, 'm'));
  for (const [, size, cells = ''] of rows) {
    const model = CATALOG.models.find((known) => known.size === size);
    const [dimensions, context, download, cpu, gpu, speed] = cells.split('|').map((cell) => cell.trim());
    assert.equal(dimensions, String(model?.dimensions));
    assert.equal(context, model?.contextTokens.toLocaleString('en-US'));
    assert.equal(download, `${((2 * (model?.parameters ?? 0)) / 1e9).toFixed(1)} GB`);
    const together = /^\| together .*$/m.exec(read('docs/devices.md'))?.[0] ?? '';
    for (const memory of [cpu, gpu])
      assert.ok(together.includes(` ${memory?.replace(' GB', '') ?? ''} `), memory);
    const [figure] = /[\d,]{5,}/.exec(speed ?? '') ?? [];
    if (figure !== undefined) assert.ok(read('docs/performance.md').includes(figure), figure);
  }
});

test('what Troubleshooting quotes is what the program says', () => {
  const sources = [
    'src/faults.ts',
    'src/launch/open-model.ts',
    'src/launch/open-best-pool.ts',
    'src/models/reference.ts',
  ];
  const said = sources.map(read).join('\n');
  const [, section = ''] = read('README.md').split('## Troubleshooting');
  const quoted = [...section.matchAll(/`((?:[a-z]+ ){1,}[a-z]+)`/g)].map(([, words = '']) => words);
  assert.ok(quoted.length >= 7);
  for (const words of quoted) assert.ok(said.includes(words), words);
});

for (const paper of PAPERS) {
  test(`every qwen-embed command shown in ${paper} is one that the program takes`, () => {
    for (const { language, code, line } of readBlocks(read(paper))) {
      if (!['sh', 'yaml'].includes(language)) continue;
      for (const call of splitProgramCalls(code.replace(/^\s*- run: /gm, '')))
        checkArguments(call, `${paper}:${String(line)}`);
    }
  });

  test(`every link of ${paper} leads somewhere`, () => {
    const prose = read(paper).replace(/^```[\s\S]*?^```$/gm, '');
    for (const [, target = ''] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path = '', anchor] = target.split('#');
      const page = path === '' ? paper : join(dirname(paper), path);
      assert.ok(existsSync(join(ROOT, page)), target);
      if (anchor !== undefined) assert.ok(anchorsOf(read(page)).includes(anchor), target);
    }
  });
}

test('the changelog has an entry for the version in package.json', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  assert.match(read('CHANGELOG.md'), new RegExp(`^## \\[?(Unreleased|${version})`, 'm'));
});

test('every picture in the papers is there and has less than 200 KB', () => {
  for (const paper of PAPERS)
    for (const [, path = ''] of read(paper).matchAll(/(?:src|srcset)="([^"]+)"/g))
      assert.ok(statSync(join(ROOT, dirname(paper), path)).size < 200_000, `${paper}: ${path}`);
});
