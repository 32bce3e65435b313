// The code that the page offers is run as it would be pasted, against a server, and must find the page's own numbers.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import typescript from 'typescript';
import { type Language, renderCode, type Shown } from '../../src/page/code-samples.ts';
import { readingsOf, type RowKind } from '../../src/page/request.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { openServingServer } from '../unit/server/open-test-server.ts';
import { cosinesOf } from './open-page.ts';

const run = promisify(execFile);

const TEXTS = ['a "quoted" text', "it's 5 o'clock", '你好 🙂', 'back\\slash $HOME `date`'];

interface Asked extends Shown {
  expected: string[][];
}

async function ask(t: TestContext, rowKind: RowKind, dimensions: number | null): Promise<Asked> {
  const { server } = await openServingServer(t);
  const question = { texts: TEXTS, rowKind, instruction: `find the user's "name"` };
  const { rows, columns } = readingsOf(question);
  const length = dimensions === null ? {} : { dimensions };
  const expected = await cosinesOf(server.url, TEXTS, [
    { ...rows, ...length },
    { ...(columns ?? rows), ...length },
  ]);
  return { question, dimensions, modelId: 'm', baseUrl: server.url, needsKey: false, expected };
}

const CASES: [RowKind, number | null][] = [
  ['plain', null],
  ['query', 32],
  ['instruction', null],
];

/** The printed numbers, with two decimals, as the page shows them. */
const readPrinted = (stdout: string): number[][] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number));

function assertSame(printed: number[][], expected: string[][]): void {
  const wanted = expected.map((row) => row.map((text) => Number(text.replace('−', '-'))));
  assert.deepEqual(
    printed.map((row) => row.length),
    wanted.map((row) => row.length),
  );
  // Three decimals there, two here.
  for (const [index, row] of wanted.entries())
    for (const [column, value] of row.entries())
      assert.ok(
        Math.abs((printed[index]?.[column] ?? NaN) - value) <= 0.0056,
        `${String(printed)} for ${String(wanted)}`,
      );
}

for (const [rowKind, dimensions] of CASES) {
  test(`the TypeScript for ${rowKind} rows prints what the page shows`, async (t) => {
    const asked = await ask(t, rowKind, dimensions);
    const folder = makeTemporaryFolder();
    symlinkSync(
      fileURLToPath(new URL('../../../node_modules', import.meta.url)),
      join(folder, 'node_modules'),
    );
    const code = typescript.transpileModule(renderCode('typescript', asked), {
      compilerOptions: { module: typescript.ModuleKind.ESNext, target: typescript.ScriptTarget.ES2022 },
    });
    writeFileSync(join(folder, 'code.mjs'), code.outputText);
    assertSame(readPrinted((await run(process.execPath, [join(folder, 'code.mjs')])).stdout), asked.expected);
  });

  test(`the curl for ${rowKind} rows sends the requests behind the page`, async (t) => {
    const asked = await ask(t, rowKind, dimensions);
    const { stdout } = await run('bash', [
      '-c',
      renderCode('curl', asked).replaceAll('curl ', 'echo; curl -s '),
    ]);
    const sets = stdout
      .trim()
      .split('\n')
      .map((line) =>
        (JSON.parse(line) as { data: { embedding: number[] }[] }).data.map((each) => each.embedding),
      );
    const [rows = [], columns = rows] = sets;
    const printed = rows.map((row) =>
      columns.map((column) => row.reduce((sum, value, index) => sum + value * (column[index] ?? 0), 0)),
    );
    assertSame(printed, asked.expected);
  });
}

// Python's client cannot be had everywhere; its one call is stood in for, so that the rest is run as it stands.
const OPENAI_STAND_IN = `
import json, urllib.request
from types import SimpleNamespace as Object

class OpenAI:
    def __init__(self, base_url, api_key):
        def create(extra_body={}, **body):
            data = json.dumps({**body, **extra_body}).encode()
            headers = {"content-type": "application/json", "authorization": "Bearer " + api_key}
            request = urllib.request.Request(base_url + "/embeddings", data, headers)
            answer = json.load(urllib.request.urlopen(request))
            return Object(data=[Object(**item) for item in answer["data"]])
        self.embeddings = Object(create=create)
`;

const hasPython = await run('python3', ['--version']).then(
  () => true,
  () => false,
);

for (const [rowKind, dimensions] of CASES) {
  test(
    `the Python for ${rowKind} rows prints what the page shows`,
    { skip: hasPython ? false : 'no python3 on this machine' },
    async (t) => {
      const asked = await ask(t, rowKind, dimensions);
      const folder = makeTemporaryFolder();
      writeFileSync(join(folder, 'openai.py'), OPENAI_STAND_IN);
      writeFileSync(join(folder, 'code.py'), renderCode('python', asked));
      assertSame(readPrinted((await run('python3', [join(folder, 'code.py')])).stdout), asked.expected);
    },
  );
}

for (const language of ['curl', 'python', 'typescript'] as const satisfies Language[])
  test(`where a key is needed the ${language} code takes it from the environment`, async (t) => {
    const code = renderCode(language, { ...(await ask(t, 'plain', null)), needsKey: true });
    assert.match(code, /QWEN_EMBED_API_KEY/);
  });
