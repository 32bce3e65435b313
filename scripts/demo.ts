// `npm run demo`: launches the model that ships as a user would, asks for the vectors of six texts, shows how
// near they are to each other, stops it.
import { cosine } from '../src/client/answer.ts';
import { launchService } from './launched-service.ts';

const TEXTS = ['cat', 'kitten', 'invoice', 'Hello world', '你好世界', 'stock market'];
console.log('$ qwen-embed launch');
const { url, stop } = await launchService([]);
showNearness(await askForVectors(url));
await stop();

async function askForVectors(url: string): Promise<Float32Array[]> {
  console.log(`$ curl ${url}/v1/embeddings -d '{"model": "qwen-embed-nano", "input": [...]}'`);
  const response = await fetch(`${url}/v1/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'qwen-embed-nano', input: TEXTS }),
  });
  if (!response.ok) throw new Error(`HTTP ${String(response.status)}: ${await response.text()}`);
  const { data } = (await response.json()) as { data: { embedding: number[] }[] };
  return data.map(({ embedding }) => Float32Array.from(embedding));
}

/** A line per text: the text that is nearest to it, by cosine. */
function showNearness(vectors: readonly Float32Array[]): void {
  vectors.forEach((vector, i) => {
    const others = vectors
      .map((other, j) => ({ text: TEXTS[j] ?? '', nearness: i === j ? -1 : (cosine(vector, other) ?? NaN) }))
      .sort((a, b) => b.nearness - a.nearness);
    const [nearest] = others;
    console.log(
      `${(TEXTS[i] ?? '').padEnd(14)} is nearest to ${nearest?.text ?? ''} (${nearest?.nearness.toFixed(2) ?? ''})`,
    );
  });
}
