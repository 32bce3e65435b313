// Weight files that are still on their way to the model's folder. Their headers are enough to plan a conversion; their
// numbers may be read while they come, but what is made of them counts once they are whole and checked.
// Knows nothing of where they come from.

import { LENGTH_BYTES, parseHeaderLength, parseSafetensorsHeader, type SafeTensor } from './safetensors.ts';

/** What was read of a file that grows has proved wrong; the file comes again. */
export class BytesWithdrawn extends Error {
  constructor(path: string) {
    super(`${path} came wrong and comes again`);
  }
}

/** How far a file can be read that is not whole yet; `leadingBytes` falls when those before were wrong. */
interface Growth {
  partialPath: string;
  leadingBytes: number;
}

export interface ArrivingShard {
  /** File name in the model's folder. */
  name: string;
  /** The path that faults and tensors show. */
  path: string;
  /** What tells this content from any other, such as its digest; empty where nobody knows. */
  identity: string;
  tensors: readonly SafeTensor[];
  /** Resolves with the path of the whole, checked file, or rejects when it will not come. */
  whole: Promise<string>;
  /** Has the listener told how far the file can be read, now and whenever that changes. */
  follow?: (listener: (growth: Growth) => void) => void;
}

interface Arrival extends Omit<ArrivingShard, 'tensors'> {
  sizeBytes: number;
  /** Bytes [start, end) of the file. */
  readRange: (range: { start: number; end: number }) => Promise<Buffer>;
}

/** Reads the header of a file of which no more need be there. Faults: WEIGHTS_CORRUPT, those of `readRange`. */
export async function readArrivingShard(arrival: Arrival): Promise<ArrivingShard> {
  const { sizeBytes: fileBytes, readRange, ...shard } = arrival;
  const { path } = shard;
  // It may fail before a conversion waits for it, or when none ever does.
  shard.whole.catch(() => undefined);
  const start = await readRange({ start: 0, end: Math.min(LENGTH_BYTES, fileBytes) });
  const end = LENGTH_BYTES + parseHeaderLength(start, { path, fileBytes });
  const json = await readRange({ start: LENGTH_BYTES, end });
  return { ...shard, tensors: parseSafetensorsHeader(json, { path, fileBytes }) };
}
