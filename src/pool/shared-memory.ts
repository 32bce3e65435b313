// Memory for vectors on their way out. That of big answers is shared: the server's threads then encode vectors where
// they lie, with nothing copied and nothing lost if such a thread dies. Small answers take memory of one thread, which
// the garbage collector counts; shared memory it does not.
import type { Readable } from 'node:stream';

/** About what 64 KB of text are made of; below that the server encodes on its own thread. */
const SHARED_FROM_BYTES = 16 * 1024;

interface Answer {
  body: Readable & { arrayBuffer(): Promise<ArrayBuffer> };
  headers: Record<string, string | string[] | undefined>;
}

export function allocateMemory(sizeBytes: number): ArrayBufferLike {
  return sizeBytes < SHARED_FROM_BYTES ? new ArrayBuffer(sizeBytes) : new SharedArrayBuffer(sizeBytes);
}

/** Reads an answer chunk by chunk: joining 20 MB at once would hold up the loop. */
export async function readIntoMemory({ body, headers }: Answer): Promise<ArrayBufferLike> {
  const sizeBytes = Number(headers['content-length']);
  if (!(sizeBytes >= SHARED_FROM_BYTES)) return body.arrayBuffer();
  const bytes = new Uint8Array(allocateMemory(sizeBytes));
  let offset = 0;
  // The HTTP client ends with an error where the length announced is not what comes.
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes.buffer;
}
