import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { renderFlagsPage } from '../../scripts/render-flags.ts';
import { renderHttp } from '../../scripts/render-http.ts';
import { renderReadme } from '../../scripts/render-readme.ts';

const root = new URL('../../../', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, root), 'utf8');
const squeeze = (text: string) => text.replace(/[ -]+/g, ' ');

test("the README's tables of options are those of the table of options", () => {
  assert.equal(squeeze(renderReadme(read('README.md'))), squeeze(read('README.md')), 'run: npm run docs');
});

test('docs/flags.md is what the tables of options say', () => {
  assert.equal(squeeze(renderFlagsPage()), squeeze(read('docs/flags.md')), 'run: npm run docs');
});

test('docs/http.md is what the table of routes says', () => {
  assert.equal(renderHttp(), read('docs/http.md'), 'run: npm run docs');
});

test("the README's two commands exist", () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  for (const [, name = ''] of read('README.md').matchAll(/^npm install && npm (?:run )?([\w:]+)$/gm))
    assert.ok(name in scripts, name);
});

test('the changelog has an entry for the version in package.json', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  assert.match(read('CHANGELOG.md'), new RegExp(`^## \\[?(Unreleased|${version})`, 'm'));
});
