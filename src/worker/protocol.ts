// What crosses between the pool and a worker, as bytes: pure encoders and decoders, nothing is sent from here.
// The socket carries HTTP/1.1: POST /embed takes an embed request and answers an embed response (or a fault as
// JSON with the fault's status), GET /ready answers the model's facts. The other paths are profile-message.ts's and
// question-messages.ts's.
// Orders and news are news.ts's. Decoders believe nothing: any bytes give a valid value or WIRE_MALFORMED.
import type { EmbedInput, Embeddings, LongText, ModelFacts } from '../embedder.ts';
import { Fault, faultFromWire } from '../faults.ts';
import { isObject } from '../json-object.ts';
import { malformed, parseJson } from './distrust.ts';
import { PART_BYTES, partsOf, readText, readTokenIds, sizeOf, writePart } from './input-bytes.ts';
import { LONG_TEXT_BYTES, readLongText, writeLongText } from './long-text-message.ts';
import type { Steps } from './steps.ts';

/** Changes with every layout of a message, so that two versions of the program refuse each other. */
export const PROTOCOL_VERSION = 5;

export const EMBED_PATH = '/embed';
export const READY_PATH = '/ready';

export interface EmbedRequest {
  inputs: readonly EmbedInput[];
  /** null = the model's own. */
  dimensions: number | null;
  /** null = refused. */
  longText: LongText | null;
  /** An int32; the higher, the earlier. */
  priority: number;
  /** For the worker's notes; null = nobody named the request. */
  requestId: string | null;
}

// Both messages open with 16 bytes, little endian like every machine that llama.cpp has binaries for:
//
//   0     2      3         4            8              12           16
//   +-----+------+---------+------------+--------------+------------+
//   | QE  | kind | version | count u32  | dimensions   | cut u32    |   kind: q = request, r = response
//   +-----+------+---------+------------+--------------+------------+   dimensions 0 in a request: the model's
//                                                                       cut: inputs that were cut, 0 in a request
const HEADER_BYTES = 16;
const MAGIC = 'QE';
type Kind = 'q' | 'r';

interface Header {
  kind: Kind;
  count: number;
  dimensions: number;
  cutCount: number;
}

function writeHeader(bytes: Buffer, { kind, count, dimensions, cutCount }: Header): void {
  bytes.write(MAGIC + kind, 0, 'latin1');
  bytes.writeUInt8(PROTOCOL_VERSION, 3);
  bytes.writeUInt32LE(count, 4);
  bytes.writeUInt32LE(dimensions, 8);
  bytes.writeUInt32LE(cutCount, 12);
}

function readHeader(bytes: Buffer, kind: Kind): Omit<Header, 'kind'> {
  if (bytes.length < HEADER_BYTES) throw malformed(`${String(bytes.length)} bytes, a header has 16`);
  if (bytes.toString('latin1', 0, 3) !== MAGIC + kind) throw malformed('it does not open with its mark');
  checkVersion(bytes.readUInt8(3));
  const count = bytes.readUInt32LE(4);
  if (bytes.length < HEADER_BYTES + 4 * count) throw malformed(`it ends before ${String(count)} entries`);
  return { count, dimensions: bytes.readUInt32LE(8), cutCount: bytes.readUInt32LE(12) };
}

// A request: the header, what becomes of long texts, its priority and its id, one entry per input, then the id and the
// inputs back to back.
//
//   16                       28             32            36              36 + 4 count
//   +------------------------+--------------+-------------+---------------+----+---------------+
//   | long-text-message.ts's | priority i32 | id size u32 | count x entry | id | count x input |
//   +------------------------+--------------+-------------+---------------+----+---------------+
//   id: UTF-8, empty where there is none
//   entry u32: bit 31 = token ids, bits 0..30 = size in bytes
//   input: UTF-8, or int32 per token id
const PRIORITY_AT = HEADER_BYTES + LONG_TEXT_BYTES;
const ID_SIZE_AT = PRIORITY_AT + 4;
const ENTRIES_START = ID_SIZE_AT + 4;
const IDS_BIT = 0x8000_0000;
const MAX_INPUT_BYTES = 0x7fff_ffff;
/** Fault INVALID_REQUEST for a number that cannot be a token id. */
export function* encodeEmbedRequest(request: EmbedRequest): Steps<Buffer> {
  const { inputs, dimensions, longText, priority, requestId } = request;
  const sizes = inputs.map(sizeOf);
  const idStart = ENTRIES_START + 4 * inputs.length;
  const inputsStart = idStart + Buffer.byteLength(requestId ?? '');
  const bytes = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + size, inputsStart));
  writeHeader(bytes, { kind: 'q', count: inputs.length, dimensions: dimensions ?? 0, cutCount: 0 });
  writeLongText(bytes, HEADER_BYTES, longText);
  bytes.writeInt32LE(priority, PRIORITY_AT);
  bytes.writeUInt32LE(inputsStart - idStart, ID_SIZE_AT);
  bytes.write(requestId ?? '', idStart);
  let [at, stepEnd] = [inputsStart, inputsStart + PART_BYTES];
  for (const [index, input] of inputs.entries()) {
    const kindBit = typeof input === 'string' ? 0 : IDS_BIT;
    bytes.writeUInt32LE((sizes[index] ?? 0) + kindBit, ENTRIES_START + 4 * index);
    for (const part of partsOf(input)) {
      if (at > stepEnd) {
        yield;
        stepEnd = at + PART_BYTES;
      }
      at += writePart(bytes, part, { at, index });
    }
  }
  return bytes;
}

export function* decodeEmbedRequest(bytes: Buffer): Steps<EmbedRequest> {
  const { count, dimensions, cutCount } = readHeader(bytes, 'q');
  if (cutCount !== 0) throw malformed('a request with inputs that were cut');
  const idStart = ENTRIES_START + 4 * count;
  if (bytes.length < idStart) throw malformed(`it ends before ${String(count)} entries`);
  let offset = idStart + bytes.readUInt32LE(ID_SIZE_AT);
  if (bytes.length < offset) throw malformed('the id ends behind the message');
  const requestId = (yield* readText(bytes.subarray(idStart, offset))) || null;
  const longText = readLongText(bytes, HEADER_BYTES);
  const priority = bytes.readInt32LE(PRIORITY_AT);
  const inputs: EmbedInput[] = [];
  let stepEnd = offset + PART_BYTES;
  for (let index = 0; index < count; index += 1) {
    const entry = bytes.readUInt32LE(ENTRIES_START + 4 * index);
    const end = offset + (entry & MAX_INPUT_BYTES);
    if (end > bytes.length) throw malformed(`input ${String(index)} ends behind the message`);
    const body = bytes.subarray(offset, end);
    inputs.push(yield* entry >= IDS_BIT ? readTokenIds(body) : readText(body));
    offset = end;
    if (offset > stepEnd) {
      yield;
      stepEnd = offset + PART_BYTES;
    }
  }
  if (offset !== bytes.length) throw malformed(`${String(bytes.length - offset)} bytes are left over`);
  return { inputs, dimensions: dimensions === 0 ? null : dimensions, longText, priority, requestId };
}

// A response: the header, then two blocks. The vectors start at a multiple of 4, so that a receiver whose buffer
// is aligned reads them in place.
//
//   16                     16 + 4 count
//   +----------------------+------------------------------------+
//   | count x tokens u32   | count x dimensions x float32       |
//   +----------------------+------------------------------------+

/** Two chunks to be written one after the other; the second is the vectors' own memory. */
export function encodeEmbedResponse(embeddings: Embeddings): [Buffer, Buffer] {
  const { vectors, dimensions, tokenCounts, cutCount } = embeddings;
  const count = tokenCounts.length;
  if (vectors.length !== count * dimensions) {
    throw malformed(`${String(vectors.length)} values for ${String(count)} vectors of ${String(dimensions)}`);
  }
  const head = Buffer.allocUnsafe(HEADER_BYTES + 4 * count);
  writeHeader(head, { kind: 'r', count, dimensions, cutCount });
  head.set(new Uint8Array(tokenCounts.buffer, tokenCounts.byteOffset, 4 * count), HEADER_BYTES);
  return [head, Buffer.from(vectors.buffer, vectors.byteOffset, vectors.byteLength)];
}

/** The arrays are views of `bytes`. */
export function decodeEmbedResponse(bytes: ArrayBufferLike): Embeddings {
  const { count, dimensions, cutCount } = readHeader(Buffer.from(bytes), 'r');
  const vectorsStart = HEADER_BYTES + 4 * count;
  if (cutCount > count) throw malformed(`${String(cutCount)} of ${String(count)} inputs were cut`);
  if (count > 0 && dimensions === 0) throw malformed('its vectors have no components');
  if (bytes.byteLength !== vectorsStart + 4 * count * dimensions) {
    throw malformed(
      `${String(bytes.byteLength)} bytes for ${String(count)} vectors of ${String(dimensions)}`,
    );
  }
  return {
    vectors: new Float32Array(bytes, vectorsStart),
    dimensions,
    tokenCounts: new Uint32Array(bytes, HEADER_BYTES, count),
    cutCount,
  };
}

/** The body of a response whose status is not 200. */
export function decodeFault(body: string): Fault {
  return faultFromPeer(parseJson(body));
}

/** A fault that the other side raised, with its stack. */
export function faultFromPeer(value: unknown): Fault {
  if (!isObject(value) || !isObject(value['params'])) return malformed('a fault without its parameters');
  const fault = faultFromWire(value);
  if (typeof value['stack'] === 'string') fault.stack = value['stack'];
  return fault;
}

export function encodeReady(model: ModelFacts): string {
  return JSON.stringify({ protocol: PROTOCOL_VERSION, model });
}

export function decodeReady(body: string): ModelFacts {
  const value = parseJson(body);
  if (!isObject(value)) throw malformed('readiness is no object');
  checkVersion(value['protocol']);
  const { model } = value;
  if (!isObject(model)) throw malformed('readiness without a model');
  return {
    dimensions: readSize(model, 'dimensions'),
    contextTokens: readSize(model, 'contextTokens'),
    vocabularySize: readSize(model, 'vocabularySize'),
    layers: readSize(model, 'layers'),
    weightsType: readName(model, 'weightsType'),
  };
}

function readSize(record: Record<string, unknown>, key: string): number {
  const value = record[key];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  throw malformed(`${key} is ${JSON.stringify(value)}`);
}

function readName(record: Record<string, unknown>, key: string): string {
  const value = record[key];
  if (typeof value === 'string') return value;
  throw malformed(`${key} is ${JSON.stringify(value)}`);
}

export function checkVersion(version: unknown): void {
  if (version !== PROTOCOL_VERSION) {
    throw malformed(`it speaks version ${JSON.stringify(version)}, this side ${String(PROTOCOL_VERSION)}`);
  }
}
