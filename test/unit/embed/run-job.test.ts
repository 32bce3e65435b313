import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';

import type { JobEvent } from '../../../src/embed/run-job.ts';
import { OUTPUT_FORMATS } from '../../../src/embed/outputs.ts';
import { makePicker } from '../../../src/embed/row.ts';
import { readOutput } from './read-output.ts';
import { DIMENSIONS, embedTexts, runTestJob, vectorOf } from './test-job.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const ENDINGS = Object.values(OUTPUT_FORMATS).map(({ endings }) => endings[0]);
const TEXTS = Array.from({ length: 20 }, (_, i) => `text number ${String(i)}`);

function writeTexts(folder: string, texts: readonly string[] = TEXTS): string {
  const path = join(folder, 'in.jsonl');
  writeFileSync(path, texts.map((text, id) => `${JSON.stringify({ id, text })}\n`).join(''));
  return path;
}

function stopAfter(requests: number): typeof embedTexts {
  let calls = 0;
  return (texts, signal) =>
    ++calls > requests ? Promise.reject(new Error('the machine stops')) : embedTexts(texts, signal);
}

for (const ending of ENDINGS) {
  test(`a job writes every row's vector in the order of the rows to ${ending}`, async () => {
    const folder = makeTemporaryFolder();
    const output = join(folder, `out${ending}`);
    const result = await runTestJob(writeTexts(folder), output);
    assert.deepEqual(result, { path: output, rowCount: 20, resumedRows: 0, withoutVector: 0 });
    const rows = await readOutput(output);
    assert.deepEqual(
      rows.map(({ vector }) => vector),
      TEXTS.map(vectorOf),
    );
    if (ending !== '.npy')
      assert.deepEqual(
        rows.map(({ fields }) => [Number(fields['id']), fields['text']]),
        TEXTS.map((text, id) => [id, text]),
      );
    assert.deepEqual(readdirSync(folder).sort(), ['in.jsonl', `out${ending}`]);
  });

  test(`a job that fails in the middle goes on where it was, and gives the same ${ending}`, async () => {
    const folder = makeTemporaryFolder();
    const [whole, output] = [join(folder, `whole${ending}`), join(folder, `out${ending}`)];
    const input = writeTexts(folder);
    await runTestJob(input, whole);
    await assert.rejects(runTestJob(input, output, { embed: stopAfter(4) }), /the machine stops/);
    assert.ok(!existsSync(output));
    const asked: string[] = [];
    const result = await runTestJob(input, output, {
      embed: (texts, signal) => {
        asked.push(...texts);
        return embedTexts(texts, signal);
      },
    });
    assert.ok(result.resumedRows > 0);
    assert.deepEqual(asked, TEXTS.slice(result.resumedRows));
    assert.deepEqual(readFileSync(output), readFileSync(whole));
  });

  test(`the parts of a job array are together the whole, in ${ending}`, async () => {
    const folder = makeTemporaryFolder();
    const input = writeTexts(folder);
    const vectors = [];
    for (let index = 0; index < 3; index++) {
      const output = join(folder, `part-${String(index)}${ending}`);
      await runTestJob(input, output, { shard: { index, count: 3 } });
      vectors.push(...(await readOutput(output)).map(({ vector }) => vector));
    }
    assert.deepEqual(vectors, TEXTS.map(vectorOf));
  });

  test(`a refused or empty text has no vector in ${ending} when the job may go on`, async () => {
    const folder = makeTemporaryFolder();
    const output = join(folder, `out${ending}`);
    const input = writeTexts(folder, ['a', 'refuse me', 'b', '', 'c']);
    const events: JobEvent[] = [];
    const result = await runTestJob(input, output, { onRefusal: 'skip', events });
    assert.equal(result.withoutVector, 2);
    assert.deepEqual(
      (await readOutput(output)).map(({ vector }) => vector),
      [vectorOf('a'), null, vectorOf('b'), null, vectorOf('c')],
    );
    const skipped = events.filter(({ event }) => event === 'skipped');
    assert.deepEqual(skipped, [{ event: 'skipped', place: `${input}, line 2`, problem: 'too long' }]);
  });
}

test('a refused text ends the job with its place', async () => {
  const folder = makeTemporaryFolder();
  const input = writeTexts(folder, ['a', 'b', 'c', 'refuse me']);
  await assert.rejects(runTestJob(input, join(folder, 'out.npy')), {
    message: `${input}, line 4: the server refuses the text: too long`,
  });
});

test('an empty text is told before anything is embedded', async () => {
  const folder = makeTemporaryFolder();
  const input = writeTexts(folder, ['a', 'b', '']);
  const embed = () => assert.fail('it was embedded');
  await assert.rejects(runTestJob(input, join(folder, 'out.npy'), { embed }), {
    message: `${input}, line 3: the server refuses the text: it is empty`,
  });
});

test('a vectors file that ends within a row goes on with that row', async () => {
  const folder = makeTemporaryFolder();
  const output = join(folder, 'out.npy');
  const input = writeTexts(folder);
  await assert.rejects(runTestJob(input, output, { embed: stopAfter(0) }));
  const half = new Uint8Array(Float32Array.from(vectorOf(TEXTS[0] ?? '')).buffer);
  writeFileSync(join(`${output}.partial`, 'vectors.f32'), Buffer.concat([half, half.slice(0, 9)]));
  const { resumedRows } = await runTestJob(input, output);
  assert.equal(resumedRows, 1);
  assert.deepEqual(
    (await readOutput(output)).map(({ vector }) => vector),
    TEXTS.map(vectorOf),
  );
});

test('another job does not go on with the rows of this one', async () => {
  const folder = makeTemporaryFolder();
  const output = join(folder, 'out.npy');
  const input = writeTexts(folder);
  await assert.rejects(runTestJob(input, output, { embed: stopAfter(4) }));
  const description = { field: 'text', instruction: 'other' };
  await assert.rejects(runTestJob(input, output, { description }), {
    code: 'BAD_OPTION',
    message: `${output}.partial: belongs to another job: instruction was not given, now it is "other"`,
  });
  await runTestJob(input, output, { description, restart: true });
  assert.ok(existsSync(output));
});

test('an output that exists is not replaced unless asked for', async () => {
  const folder = makeTemporaryFolder();
  const output = join(folder, 'out.npy');
  writeFileSync(output, 'precious');
  const input = writeTexts(folder);
  await assert.rejects(runTestJob(input, output), { message: `--output ${output}: exists` });
  assert.equal(readFileSync(output, 'utf8'), 'precious');
  await runTestJob(input, output, { overwrite: true });
  assert.equal((await readOutput(output)).length, TEXTS.length);
});

test('two processes do not write one output', async () => {
  const folder = makeTemporaryFolder();
  const output = join(folder, 'out.npy');
  const input = writeTexts(folder);
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  let begun: () => void = () => undefined;
  const begins = new Promise<void>((resolve) => (begun = resolve));
  const first = runTestJob(input, output, {
    embed: async (texts, signal) => {
      begun();
      await held;
      return embedTexts(texts, signal);
    },
  });
  await begins;
  // The lock of a process that lives; this one's own would count as its own.
  writeFileSync(
    join(`${output}.partial`, 'lock'),
    JSON.stringify({ host: (await import('node:os')).hostname(), pid: process.ppid }),
  );
  await assert.rejects(runTestJob(input, output), /is in use by another process/);
  release();
  await first;
});

test('rows from standard input are kept until the job is done', async () => {
  const folder = makeTemporaryFolder();
  const output = join(folder, 'out.jsonl');
  const lines = 'one\ntwo\nthree\nfour\nfive\nsix\nseven\n';
  const runOn = (text: string, embed = embedTexts) => {
    const stdin = Readable.from([Buffer.from(text)]);
    return runTestJob('-.txt', output, {
      inputs: [{ path: null, format: 'text' }],
      embed,
      stdin,
      inFlight: 1,
    });
  };
  await assert.rejects(runOn(lines, stopAfter(1)), /the machine stops/);
  await assert.rejects(runOn('other\n'), /standard input has changed/);
  assert.equal((await runOn('')).resumedRows, 3);
  assert.equal((await readOutput(output)).length, 7);
});

for (const format of ['npy', 'jsonl'])
  test(`an input that loses rows while the job runs gives no .${format} file`, async () => {
    const folder = makeTemporaryFolder();
    const [input, output] = [join(folder, 'in.txt'), join(folder, `out.${format}`)];
    writeFileSync(input, 'one\ntwo\nthree\n');
    const report = ({ event }: JobEvent): void => {
      if (event === 'embedded') writeFileSync(input, 'one\n');
    };
    await assert.rejects(runTestJob(input, output, { report }), {
      code: 'FILE_UNREADABLE',
      message: `${input}: had 3 rows when the job began, now 1`,
    });
    assert.ok(!existsSync(output));
  });

test('the vector may not take the name of a field that a row has', async () => {
  const folder = makeTemporaryFolder();
  const input = join(folder, 'in.jsonl');
  writeFileSync(input, '{"text":"a","embedding":1}\n');
  await assert.rejects(runTestJob(input, join(folder, 'out.jsonl')), {
    message: `${input}, line 1 has a field "embedding" already`,
  });
  await runTestJob(input, join(folder, 'out.jsonl'), { vectorField: 'vector' });
  assert.equal((await readOutput(join(folder, 'out.jsonl'), 'vector'))[0]?.vector?.length, DIMENSIONS);
});

test('a row keeps the digits that a JSON reader would round', async () => {
  const folder = makeTemporaryFolder();
  const [input, output] = [join(folder, 'in.jsonl'), join(folder, 'out.jsonl')];
  writeFileSync(input, '{"id": 12345678901234567890, "text":"a" }\n{"text":"b"}');
  await runTestJob(input, output);
  const [first = '', second = ''] = readFileSync(output, 'utf8').split('\n');
  assert.ok(first.startsWith('{"id": 12345678901234567890, "text":"a","embedding":['));
  assert.ok(second.startsWith('{"text":"b","embedding":['));
});

test('a template takes its text from several fields', async () => {
  const folder = makeTemporaryFolder();
  const [input, output] = [join(folder, 'in.csv'), join(folder, 'out.npy')];
  writeFileSync(input, 'title,body\nA,"first\nline"\nB,\n');
  await runTestJob(input, output, { pick: makePicker({ template: '{title}: {body}' }) });
  assert.deepEqual(
    (await readOutput(output)).map(({ vector }) => vector),
    [vectorOf('A: first\nline'), vectorOf('B: ')],
  );
});

test('in TSV quotes are letters, but for a cell that is in quotes as a whole', async () => {
  const folder = makeTemporaryFolder();
  const [input, output] = [join(folder, 'in.tsv'), join(folder, 'out.jsonl')];
  const cells = [
    'a 5" disk',
    '"Hello" and "bye"',
    '"never closed',
    'ends"',
    '"""Yes"", he said"',
    '"x"',
    ' "x"',
  ];
  const lines = cells.map((cell, id) => `${String(id)}\t${cell}`);
  writeFileSync(input, ['"id"\ttext', ...lines].join('\r\n'));
  await runTestJob(input, output);
  const rows = readFileSync(output, 'utf8').trim().split('\n');
  assert.deepEqual(
    rows.map((row) => (JSON.parse(row) as { text: string }).text),
    ['a 5" disk', '"Hello" and "bye"', '"never closed', 'ends"', '"Yes", he said', 'x', ' "x"'],
  );
});

test('a line of a TSV file with a cell too few is refused by its number', async () => {
  const folder = makeTemporaryFolder();
  const [input, output] = [join(folder, 'in.tsv'), join(folder, 'out.jsonl')];
  writeFileSync(input, 'id\ttext\n1\t"first\nsecond"\n');
  await assert.rejects(runTestJob(input, output), {
    code: 'FILE_UNREADABLE',
    message: /columns length is 2, got 1 on line 3$/,
  });
});

test('two columns of one name are refused, columns without any are let be', async () => {
  const folder = makeTemporaryFolder();
  const [input, output] = [join(folder, 'in.csv'), join(folder, 'out.npy')];
  writeFileSync(input, 'id,text,id,,\n1,a,2,,\n');
  await assert.rejects(runTestJob(input, output), {
    code: 'FILE_UNREADABLE',
    message: `${input}: two columns have the name "id"`,
  });
  writeFileSync(input, 'id,text,,\n1,a,,\n');
  assert.equal((await runTestJob(input, output)).rowCount, 1);
});
