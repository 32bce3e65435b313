// Every figure of the model card, through this package's own engine: retrieval, across languages, fewer dimensions,
// examples, speed. `node dist/scripts/train-nano/evaluate.js MODEL_FOLDER TESTS_JSON`; TESTS_JSON is what prepare.py
// held out. Prints Markdown.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { convert } from '../../src/convert/convert.ts';
import { cosine } from '../../src/client/answer.ts';
import type { Embedder } from '../../src/embedder.ts';
import { openCpuEngine } from '../measured-engine.ts';
import { recall, recallOfWords, type Rows } from './rank.ts';
import { QUERY, RANKED } from './ranked.ts';
import { measureSpeed } from './speed.ts';

type Pairs = [string, string][];
interface Tests {
  test: { descriptions: Pairs; sentences: Record<string, Pairs> };
}

const [modelFolder, testsFile] = process.argv.slice(2);
if (modelFolder === undefined || testsFile === undefined)
  throw new Error('usage: evaluate.js MODEL_FOLDER TESTS_JSON');
const { descriptions, sentences } = (JSON.parse(readFileSync(testsFile, 'utf8')) as Tests).test;
const folder = mkdtempSync(join(tmpdir(), 'qwen-embed-evaluate-'));
process.once('exit', () => {
  rmSync(folder, { recursive: true, force: true });
});

/** The same folder with weights that nobody trained: normal numbers for matrices, ones for norms. */
function makeRandom(source: string): string {
  const target = join(folder, 'random');
  cpSync(source, target, { recursive: true });
  for (const name of readdirSync(target).filter((file) => file.endsWith('.safetensors'))) {
    const bytes = readFileSync(join(target, name));
    const start = 8 + Number(bytes.readBigUInt64LE());
    const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<
      string,
      { shape?: number[]; data_offsets?: [number, number] }
    >;
    let state = 1;
    for (const { shape = [], data_offsets: [from, to] = [0, 0] } of Object.values(header))
      for (let at = start + from; at < start + to; at += 2) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        const value = shape.length === 1 ? 1 : (state / 2 ** 32 - 0.5) * 2 * Math.sqrt(3 / (shape[1] ?? 1));
        bytes.writeUInt16LE((new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0) >>> 16, at);
      }
    writeFileSync(join(target, name), bytes);
  }
  return target;
}

async function openFolder(source: string, name: string): Promise<Embedder> {
  const outfile = join(folder, `${name}.gguf`);
  await convert({ modelFolder: source, outfile, outtype: 'q8_0' });
  // A lane per core instead of threads that wait for each other: a busy machine then costs its share, not more.
  return openCpuEngine(outfile, { threads: 1, lanes: availableParallelism(), prefixTokens: 96 });
}

const percent = (share: number): string => share.toFixed(3);

async function describeRetrieval(engine: Embedder): Promise<{ queries: Rows; documents: Rows }> {
  const queries = await engine.embed(descriptions.map(([summary]) => QUERY + summary));
  const documents = await engine.embed(descriptions.map(([, description]) => description));
  return { queries, documents };
}

async function acrossLanguages(engine: Embedder): Promise<[string, number][]> {
  const figures: [string, number][] = [];
  for (const [language, pairs] of Object.entries(sentences)) {
    const english = await engine.embed(pairs.map(([text]) => text));
    const other = await engine.embed(pairs.map(([, text]) => text));
    figures.push([language, recall(english, other, { places: 1, size: english.dimensions })]);
  }
  figures.push(['mean', figures.reduce((sum, [, value]) => sum + value, 0) / figures.length]);
  return figures;
}

async function showExamples(engine: Embedder): Promise<void> {
  console.log('\n| text | nearer | cosine | farther | cosine |\n| --- | --- | --- | --- | --- |');
  for (const texts of RANKED) {
    const { vectors, dimensions } = await engine.embed(texts);
    const row = (i: number) => vectors.subarray(i * dimensions, (i + 1) * dimensions);
    const [first, near, far] = texts.map((text) => text.replace(QUERY, '(query) '));
    const [nearBy, farBy] = [1, 2].map((i) => (cosine(row(0), row(i)) ?? NaN).toFixed(2));
    console.log(`| ${first ?? ''} | ${near ?? ''} | ${nearBy ?? ''} | ${far ?? ''} | ${farBy ?? ''} |`);
  }
}

async function showRetrieval(engine: Embedder, name: string, sizes: readonly number[]): Promise<void> {
  const { queries, documents } = await describeRetrieval(engine);
  for (const size of sizes) {
    const [ten, one] = [10, 1].map((places) => percent(recall(queries, documents, { places, size })));
    console.log(`| ${name}, ${String(size)} dimensions | ${ten ?? ''} | ${one ?? ''} |`);
  }
}

async function showAcross(engine: Embedder, name: string): Promise<void> {
  for (const [language, value] of await acrossLanguages(engine))
    console.log(`| ${name} | ${language} | ${percent(value)} |`);
}

const trained = await openFolder(modelFolder, 'trained');
await showExamples(trained);
console.log(
  `\n| retrieval among ${String(descriptions.length)} | recall@10 | recall@1 |\n| --- | --- | --- |`,
);
const [ten, one] = [10, 1].map((places) => percent(recallOfWords(descriptions, places)));
console.log(`| BM25 | ${ten ?? ''} | ${one ?? ''} |`);
await showRetrieval(trained, 'this model', [256, 128, 64, 32]);
const most = Math.max(...Object.values(sentences).map(({ length }) => length));
console.log(`\n| English to, among ${String(most)} | | recall@1 |\n| --- | --- | --- |`);
await showAcross(trained, 'this model');
await trained.close();
await measureSpeed(
  join(folder, 'trained.gguf'),
  descriptions.map(([summary]) => summary),
);
const random = await openFolder(makeRandom(modelFolder), 'random');
console.log('\nThe same with random weights:\n');
await showRetrieval(random, 'random weights', [256]);
await showAcross(random, 'random weights');
await random.close();
process.exit(0);
