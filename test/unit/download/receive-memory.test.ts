import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { test, type TestContext } from 'node:test';
import { Agent, request, type buildConnector } from 'undici';
import { ReceiveMemory } from '../../../src/download/receive-memory.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

// No divisor of a block or of a TLS record, so that every block differs from the one before.
const PATTERN = 9_973;
const SENT_BYTES = 8 << 20;
const SENT = Buffer.from(Array.from({ length: PATTERN }, (_, i) => i % 251));
const BODY = Buffer.alloc(SENT_BYTES, SENT);

const answer: RequestListener = (_, response) => response.end(BODY);

async function listen(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** Bodies of four requests on one connection, each piece given back once it has been compared; the blocks used. */
async function fetchBodies(
  t: TestContext,
  url: string,
  options: buildConnector.BuildOptions = {},
): Promise<{ isSame: boolean; blocks: Set<ArrayBufferLike> }> {
  const memory = new ReceiveMemory();
  const agent = new Agent({ connect: memory.connector(options) });
  t.after(() => agent.destroy());
  const blocks = new Set<ArrayBufferLike>();
  let isSame = true;
  for (let round = 0; round < 4; round++) {
    let at = 0;
    const compare = new Writable({
      write: (piece: Buffer, _, done) => {
        isSame &&= piece.equals(BODY.subarray(at, at + piece.length));
        at += piece.length;
        blocks.add(piece.buffer);
        memory.giveBack([piece]);
        setImmediate(done);
      },
    });
    await pipeline((await request(url, { dispatcher: agent })).body, compare);
    isSame &&= at === SENT_BYTES;
  }
  return { isSame, blocks };
}

test('bodies arrive as they were sent, in memory that is used again', async (t) => {
  const port = await listen(t, createServer(answer));
  const { isSame, blocks } = await fetchBodies(t, `http://127.0.0.1:${String(port)}/`);
  assert.ok(isSame);
  assert.ok(blocks.size < 16, `${String(blocks.size)} blocks of 256 KB for 32 MB`);
});

test('bodies arrive over TLS as they were sent', async (t) => {
  const folder = makeTemporaryFolder();
  const files = ['-keyout', 'key.pem', '-out', 'cert.pem', '-addext', 'subjectAltName=DNS:localhost'];
  const args = ['req', '-x509', '-nodes', '-newkey', 'rsa:2048', '-days', '2', '-subj', '/CN=localhost'];
  execFileSync('openssl', [...args, ...files], { cwd: folder, stdio: 'pipe' });
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => readFileSync(join(folder, name)));
  const port = await listen(t, createTlsServer({ key, cert }, answer));
  const { isSame } = await fetchBodies(t, `https://localhost:${String(port)}/`, { ca: cert });
  assert.ok(isSame);
});
