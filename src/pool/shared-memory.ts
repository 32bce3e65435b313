// Memory for vectors on their way out. That of big answers is shared: the server's threads then encode vectors where
// they lie, with nothing copied and nothing lost if such a thread dies. Small answers take memory of one thread, which
// the garbage collector counts; shared memory it does not.
/** About what 64 KB of text are made of; below that the server encodes on its own thread. */
const SHARED_FROM_BYTES = 16 * 1024;

export function allocateMemory(sizeBytes: number): ArrayBufferLike {
  return sizeBytes < SHARED_FROM_BYTES ? new ArrayBuffer(sizeBytes) : new SharedArrayBuffer(sizeBytes);
}
