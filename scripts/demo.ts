// `npm run demo`: launches the model that ships as a user would, asks for the vectors of six texts, shows how
// near they are to each other, stops it.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const TEXTS = ['cat', 'kitten', 'invoice', 'Hello world', '你好世界', 'stock market'];
const CLI = fileURLToPath(new URL('../../bin/qwen-embed.js', import.meta.url));

console.log('$ qwen-embed launch');
const server = spawn(process.execPath, [CLI, 'launch', '--port', '0'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
showNearness(await askForVectors(await waitForUrl(server)));
server.kill('SIGTERM');
await once(server, 'exit');

async function waitForUrl(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('no output to read');
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(line);
    const url = /http:\/\/\S+/.exec(line)?.[0];
    if (url !== undefined) return url;
  }
  throw new Error('the server ended before it was ready');
}

async function askForVectors(url: string): Promise<number[][]> {
  console.log(`$ curl ${url}/v1/embeddings -d '{"model": "qwen-embed-nano", "input": [...]}'`);
  const response = await fetch(`${url}/v1/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'qwen-embed-nano', input: TEXTS }),
  });
  if (!response.ok) throw new Error(`HTTP ${String(response.status)}: ${await response.text()}`);
  const { data } = (await response.json()) as { data: { embedding: number[] }[] };
  return data.map(({ embedding }) => embedding);
}

/** A line per text: the text that is nearest to it, by cosine. */
function showNearness(vectors: readonly number[][]): void {
  const cosine = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
  vectors.forEach((vector, i) => {
    const others = vectors
      .map((other, j) => ({ text: TEXTS[j] ?? '', nearness: i === j ? -1 : cosine(vector, other) }))
      .sort((a, b) => b.nearness - a.nearness);
    const [nearest] = others;
    console.log(
      `${(TEXTS[i] ?? '').padEnd(14)} is nearest to ${nearest?.text ?? ''} (${nearest?.nearness.toFixed(2) ?? ''})`,
    );
  });
}
