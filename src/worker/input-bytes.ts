// One input of a request, a text or token ids, as bytes and back, in parts: it may be as long as a body, and a part takes
// about a millisecond. Pure.
import { isUtf8 } from 'node:buffer';
import type { EmbedInput } from '../embedder.ts';
import { Fault } from '../faults.ts';
import { malformed } from './distrust.ts';
import type { Steps } from './steps.ts';

/** Bytes of a part, characters of a text's: a multiple of an id's. */
export const PART_BYTES = 1 << 20;
const ID_BYTES = 4;
const MAX_TOKEN_ID = 0x7fff_ffff;

export const sizeOf = (input: EmbedInput): number =>
  typeof input === 'string' ? Buffer.byteLength(input) : ID_BYTES * input.length;

/** Its parts one after another; their bytes together are its bytes. */
export function partsOf(input: EmbedInput): readonly EmbedInput[] {
  const isText = typeof input === 'string';
  const most = isText ? PART_BYTES : PART_BYTES / ID_BYTES;
  if (input.length <= most) return [input];
  const parts: EmbedInput[] = [];
  for (let start = 0; start < input.length;) {
    let end = start + most;
    // The halves of one character would become two replacement characters.
    if (isText && isHighSurrogate(input.charCodeAt(end - 1))) end -= 1;
    parts.push(input instanceof Int32Array ? input.subarray(start, end) : input.slice(start, end));
    start = end;
  }
  return parts;
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;

/** How many bytes it has become. Fault: INVALID_REQUEST, for the input `index` with a number that is no token id. */
export function writePart(
  bytes: Buffer,
  part: EmbedInput,
  { at, index }: { at: number; index: number },
): number {
  if (typeof part === 'string') return bytes.write(part, at);
  for (let position = 0; position < part.length; position++) {
    const id = part[position] as number;
    if (!Number.isInteger(id) || id < 0 || id > MAX_TOKEN_ID) {
      const problem = `input ${String(index)} has ${String(id)}, which is no token id`;
      throw new Fault('INVALID_REQUEST', { param: 'input', problem });
    }
    bytes.writeInt32LE(id, at + ID_BYTES * position);
  }
  return ID_BYTES * part.length;
}

/** A text; a pause after every part. Fault: WIRE_MALFORMED. */
export function* readText(bytes: Buffer): Steps<string> {
  if (!isUtf8(bytes)) throw malformed('a text is not UTF-8');
  if (bytes.length <= PART_BYTES) return bytes.toString();
  const parts: string[] = [];
  for (let start = 0; start < bytes.length;) {
    let end = Math.min(start + PART_BYTES, bytes.length);
    while (end < bytes.length && isContinuation(bytes[end])) end -= 1;
    parts.push(bytes.toString('utf8', start, end));
    start = end;
    yield;
  }
  return parts.join('');
}

const isContinuation = (byte = 0): boolean => (byte & 0xc0) === 0x80;

/** Token ids; a pause after every part. Fault: WIRE_MALFORMED. */
export function* readTokenIds(bytes: Buffer): Steps<number[]> {
  if (bytes.length % ID_BYTES !== 0) throw malformed('token ids are not whole');
  const ids: number[] = [];
  for (let at = 0; at < bytes.length; at += ID_BYTES) {
    const id = bytes.readInt32LE(at);
    if (id < 0) throw malformed('a token id is negative');
    ids.push(id);
    if (at % PART_BYTES === PART_BYTES - ID_BYTES) yield;
  }
  return ids;
}
