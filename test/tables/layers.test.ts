import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('../../../src/', import.meta.url));

/** Room -> rooms it may import from. Files directly in src/ are rooms of their own. */
const ALLOWED: Record<string, readonly string[]> = {
  'faults.ts': [],
  'embedder.ts': [],
  'float-text.ts': [],
  'network-error.ts': [],
  'log.ts': [],
  'instruction.ts': [],
  'json-object.ts': [],
  'folders.ts': [],
  config: ['faults.ts', 'json-object.ts'],
  convert: ['faults.ts', 'json-object.ts', 'folders.ts'],
  download: ['faults.ts', 'json-object.ts', 'folders.ts', 'network-error.ts'],
  engine: ['faults.ts', 'embedder.ts', 'convert'],
  worker: ['faults.ts', 'json-object.ts', 'embedder.ts', 'engine'],
  pool: ['faults.ts', 'embedder.ts', 'log.ts', 'worker'],
  server: ['faults.ts', 'json-object.ts', 'embedder.ts', 'float-text.ts', 'instruction.ts'],
  client: ['faults.ts'],
  page: [],
  models: ['faults.ts', 'json-object.ts', 'folders.ts', 'convert', 'download'],
  launch: ['faults.ts', 'embedder.ts', 'log.ts', 'config', 'download', 'models', 'engine', 'pool', 'server'],
  doctor: ['faults.ts', 'network-error.ts', 'config', 'convert', 'engine', 'launch', 'models', 'download'],
  bench: ['faults.ts', 'network-error.ts', 'config', 'client'],
  embed: ['faults.ts', 'json-object.ts', 'folders.ts', 'network-error.ts', 'client', 'float-text.ts'],
  cli: [
    'faults.ts',
    'log.ts',
    'network-error.ts',
    'embedder.ts',
    'config',
    'convert',
    'download',
    'models',
    'launch',
    'doctor',
    'bench',
    'client',
    'instruction.ts',
    'embed',
  ],
  'checked-embedder.ts': ['faults.ts', 'embedder.ts'],
  'library.ts': ['checked-embedder.ts', 'embedder.ts', 'config', 'download', 'models', 'launch'],
  'index.ts': ['faults.ts', 'embedder.ts', 'instruction.ts', 'convert', 'download', 'launch', 'library.ts'],
};

/** Packages that one file or room alone may import, or a few by name. */
const IMPORTERS: Record<string, string | readonly string[]> = {
  koffi: 'engine/llama-',
  'csv-parse': 'embed/inputs.ts',
  hyparquet: 'embed/',
  'hyparquet-writer': 'embed/write-parquet.ts',
  'apache-arrow': 'embed/write-arrow.ts',
  chalk: 'cli/terminal.ts',
  ora: 'cli/status-line.ts',
  commander: 'cli/program.ts',
  execa: 'pool/worker-process.ts',
  undici: [
    'cli/commands/health.ts',
    'doctor/check-hub.ts',
    'pool/exchange.ts',
    'pool/worker-connections.ts',
    'pool/worker-handle.ts',
    'bench/client.ts',
    'embed/http-embedder.ts',
    'download/',
  ],
  fastify: 'server/',
  yaml: ['convert/front-matter.ts', 'config/config-file.ts'],
  'prom-client': ['server/metrics.ts', 'server/request-metrics.ts', 'server/stage-histograms.ts'],
  preact: 'page/',
  'preact/hooks': 'page/',
  vite: 'page/vite.config.ts',
  'lru-cache': 'engine/equal-texts.ts',
  '@huggingface/jinja': 'server/template-thread.ts',
};

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => /\.tsx?$/.test(name));
const roomOf = (file: string) => file.split('/')[0] ?? '';

function importsOf(file: string): string[] {
  const text = readFileSync(`${SOURCE}${file}`, 'utf8');
  return [...text.matchAll(/(?:from|import\.meta\.resolve\(|import\() ?'([^']+)'|^import '([^']+)'/gm)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
}

for (const file of files) {
  test(`${file} imports only what its room may know`, () => {
    for (const specifier of importsOf(file)) {
      if (!specifier.startsWith('.')) {
        const importers = [IMPORTERS[specifier] ?? ''].flat();
        assert.ok(
          importers.some((importer) => file.startsWith(importer)),
          `${specifier} belongs to ${importers.join(', ')}`,
        );
        continue;
      }
      const room = roomOf(new URL(specifier, `file:///${file}`).pathname.slice(1));
      if (room === roomOf(file) || room === 'package.json') continue;
      // The pool's child is named by path, not imported.
      if (specifier === '../worker/main.js' && roomOf(file) === 'launch') continue;
      assert.ok(ALLOWED[roomOf(file)]?.includes(room), `${file} may not import ${specifier}`);
    }
  });
}

test("every room is in the list and on CONTRIBUTING.md's map", () => {
  const map = readFileSync(`${SOURCE}../CONTRIBUTING.md`, 'utf8');
  for (const room of new Set(files.map(roomOf))) {
    assert.ok(room in ALLOWED, room);
    assert.ok(map.includes(room.includes('.') ? `\`src/${room}\`` : `\`src/${room}/\``), room);
  }
});

test('no file is longer than 260 lines', () => {
  const long = files.filter((file) => readFileSync(`${SOURCE}${file}`, 'utf8').split('\n').length > 260);
  assert.deepEqual(
    long.filter((file) => !['faults.ts'].includes(file)),
    [],
  );
});
