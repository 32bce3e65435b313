// Whether a single query is held up by bulk work: its latencies alone, then beside clients that send large batches
// without a pause, against what is promised: p99 below 5 times its idle value plus two batches. One JSON object.
// `npm run bench:query -- [--model FILE] [--queries 300] [--clients 4] [--batch-size 512]`; without --model on the model
// that ships. Ends with 1 where the promise is not kept.
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { makeRandom } from '../src/bench/random.ts';
import { percentile, Samples } from '../src/bench/statistics.ts';
import { makeSource, renderBody, type InputSource } from '../src/bench/texts.ts';
import { SHIPPED_MODEL } from '../src/models/shipped-model.ts';
import { launchService } from './launched-service.ts';

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', default: SHIPPED_MODEL.path },
    queries: { type: 'string', default: '300' },
    clients: { type: 'string', default: '4' },
    'batch-size': { type: 'string', default: '512' },
  },
});
const FORMAT = { encoding_format: 'base64' };
const WARM_UP = 20;

async function post(http: Pool, inputs: readonly string[]): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const body = renderBody(inputs, FORMAT);
  const response = await http.request({ method: 'POST', path: '/v1/embeddings', headers, body });
  const text = await response.body.text();
  if (response.statusCode !== 200) throw new Error(text);
}

/** One query after another, in milliseconds, ascending. */
async function askQueries(http: Pool, source: InputSource): Promise<Float64Array> {
  const samples = new Samples();
  for (let n = -WARM_UP; n < Number(flags.queries); n++) {
    const startMs = performance.now();
    await post(http, [source()]);
    if (n >= 0) samples.add(performance.now() - startMs);
  }
  return samples.sorted();
}

/** Sums of all workers since the start. */
async function readBatches(http: Pool): Promise<{ batches: number; decodeMs: number }> {
  const { body } = await http.request({ method: 'GET', path: '/metrics' });
  const lines = (await body.text()).split('\n');
  const valueOf = (name: RegExp) =>
    Number(
      lines
        .find((line) => name.test(line))
        ?.split(' ')
        .at(-1),
    );
  const decode = /^qwen_embed_stage_seconds_total\{.*stage="decode"/;
  return { batches: valueOf(/^qwen_embed_batches_total/), decodeMs: 1000 * valueOf(decode) };
}

async function run(url: string): Promise<boolean> {
  const http = new Pool(url, { connections: Number(flags.clients) + 1, headersTimeout: 0, bodyTimeout: 0 });
  const lengths = { kind: 'lognormal', median: 24, sigma: 0.6, max: 200 } as const;
  const source = makeSource({ kind: 'words', lengths, prefix: '' }, makeRandom(1));
  const query = makeSource(
    { kind: 'words', lengths: { kind: 'fixed', tokens: 12 }, prefix: '' },
    makeRandom(2),
  );
  const idle = await askQueries(http, query);
  let [isOver, bulkTexts] = [false, 0];
  const size = Number(flags['batch-size']);
  const sendBulk = async (): Promise<void> => {
    while (!isOver) {
      await post(http, Array.from({ length: size }, source));
      bulkTexts += size;
    }
  };
  const bulk = Array.from({ length: Number(flags.clients) }, sendBulk);
  const before = await readBatches(http);
  const loaded = await askQueries(http, query);
  const after = await readBatches(http);
  isOver = true;
  await Promise.all(bulk);
  await http.close();
  const batchMs = (after.decodeMs - before.decodeMs) / (after.batches - before.batches);
  const limitMs = 5 * percentile(idle, 0.99) + 2 * batchMs;
  const show = (sorted: Float64Array) => ({
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
  });
  console.log(
    JSON.stringify({ idle: show(idle), loaded: show(loaded), batchMs, limitMs, bulkTexts }, null, 2),
  );
  return percentile(loaded, 0.99) < limitMs;
}

const { url, stop } = await launchService(['--model-path', flags.model, '--device', 'cpu', '--dp', '1']);
try {
  process.exitCode = (await run(url)) ? 0 : 1;
} finally {
  await stop();
}
