// Speed as a user meets it: the command's start until the first vector, then short texts per second over HTTP.
import { summarise } from '../../src/bench/statistics.ts';
import { launchService } from '../launched-service.ts';

const WORDS = 5;
const TEXTS_PER_REQUEST = 100;
const REQUESTS_AT_ONCE = 8;
const ROUNDS = 5;

async function ask(url: string, input: string[]): Promise<void> {
  const response = await fetch(`${url}/v1/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'nano', input, encoding_format: 'base64' }),
  });
  if (!response.ok) throw new Error(`HTTP ${String(response.status)}: ${await response.text()}`);
  await response.arrayBuffer();
}

/** Texts per second with `REQUESTS_AT_ONCE` requests in flight. */
async function measureRound(url: string, texts: readonly string[]): Promise<number> {
  const start = performance.now();
  let next = 0;
  const send = async () => {
    while (next < texts.length) {
      const from = next;
      next += TEXTS_PER_REQUEST;
      await ask(url, texts.slice(from, from + TEXTS_PER_REQUEST));
    }
  };
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, send));
  return (texts.length * 1000) / (performance.now() - start);
}

/** Prints seconds from launch to the first vector, and texts of at most five words per second, each text once. */
export async function measureSpeed(modelFile: string, texts: readonly string[]): Promise<void> {
  const short = [...new Set(texts.map((text) => text.split(' ').slice(0, WORDS).join(' ')))];
  const start = performance.now();
  const { url, stop } = await launchService(['--model-path', modelFile, '--device', 'cpu']);
  await ask(url, ['Hello world']);
  const firstVectorMs = performance.now() - start;
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await measureRound(url, short));
  await stop();
  const { median = NaN, min = NaN, max = NaN } = summarise(rounds.map(Math.round)) ?? {};
  console.log(
    `\nlaunch to first vector: ${(firstVectorMs / 1000).toFixed(2)} s; ` +
      `${String(short.length)} texts of up to ${String(WORDS)} words: ${String(median)} texts/s (${String(min)} to ${String(max)} in ${String(ROUNDS)} rounds)`,
  );
}
