import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { fixtureFolder } from '../fixtures/tiny-model.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The packed tarball, unpacked, beside the dependencies that this checkout has installed. */
function unpackTarball(): string {
  const folder = makeTemporaryFolder();
  // The build that is being tested is packed as it is: building it anew would pull files from under other tests.
  execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], { cwd: ROOT });
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
  execFileSync('tar', ['-xzf', tarball], { cwd: folder });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
  return join(folder, 'package');
}

test('the packed tarball converts a model without any build step', () => {
  const packed = unpackTarball();
  const outfile = join(makeTemporaryFolder(), 'out.gguf');
  execFileSync(process.execPath, [
    join(packed, 'bin/qwen-embed.js'),
    'convert',
    fixtureFolder(),
    '--outfile',
    outfile,
  ]);
  assert.ok(existsSync(outfile));
});

test('the packed tarball holds the program, its types and its papers, and no tests', () => {
  const names = readdirSync(unpackTarball(), { recursive: true, encoding: 'utf8' });
  for (const name of [
    'bin/qwen-embed.js',
    'dist/src/index.js',
    'dist/src/index.d.ts',
    'dist/src/worker/main.js',
    'dist/page/index.html',
    'dist/page/docs.html',
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
  ])
    assert.ok(names.includes(join(...name.split('/'))), name);
  const pages = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  for (const page of pages) assert.ok(names.includes(join('docs', page)), page);
  assert.deepEqual(
    names.filter((name) => /(^|\/)(test|scripts)(\/|$)|\.tsx?$/.test(name) && !name.endsWith('.d.ts')),
    [],
  );
});
