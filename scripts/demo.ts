// `npm run demo`: makes a tiny model with the real Qwen3 tokenizer, launches it as a user would, asks for the vectors of
// the README's texts, stops it. The weights are random: it shows the way, not meaning.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { makeDemoModel } from './demo-model.ts';

const TEXTS = ['How are you today', 'Hello world', '你好世界', 'Bonjour le monde'];
const CLI = fileURLToPath(new URL('../../bin/qwen-embed.js', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'qwen-embed-demo-'));
try {
  const model = join(folder, 'Qwen3-Embedding-Demo');
  console.log('making a tiny model with random weights and the real Qwen3 tokenizer ...');
  makeDemoModel(model);
  const args = ['launch', '--model-path', model, '--port', '0', '--cache-folder', join(folder, 'cache')];
  console.log('$ qwen-embed launch --model-path ./Qwen3-Embedding-Demo');
  const server = spawn(process.execPath, [CLI, ...args, '--log-level', 'warn'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await showVectors(await waitForUrl(server));
  server.kill('SIGTERM');
  await once(server, 'exit');
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function waitForUrl(server: ChildProcess): Promise<string> {
  if (server.stdout === null) throw new Error('no output to read');
  for await (const line of createInterface({ input: server.stdout })) {
    console.log(line.replace(folder, '.'));
    const url = /http:\/\/\S+/.exec(line)?.[0];
    if (url !== undefined) return url;
  }
  throw new Error('the server ended before it was ready');
}

async function showVectors(url: string): Promise<void> {
  console.log(`$ curl ${url}/v1/embeddings -d '{"model": "demo", "input": [...]}'`);
  const response = await fetch(`${url}/v1/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo', input: TEXTS }),
  });
  if (!response.ok) throw new Error(`HTTP ${String(response.status)}: ${await response.text()}`);
  const { data } = (await response.json()) as { data: { index: number; embedding: number[] }[] };
  for (const { index, embedding } of data) {
    const shown = embedding.slice(0, 4).map((x) => x.toFixed(4).padStart(7));
    console.log(
      `${(TEXTS[index] ?? '').padEnd(20)} [${shown.join(', ')}, ... ${String(embedding.length)} numbers]`,
    );
  }
}
