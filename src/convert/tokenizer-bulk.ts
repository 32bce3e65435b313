// The vocabulary and the merges, nearly all of a tokenizer.json, taken from its bytes to where they lie in a GGUF file.
// JSON.parse and the arrays after it took 350 ms of 150,000 tokens and merges, a quarter of a whole bf16 conversion.
// Takes only what is beyond doubt: doubled keys or ids, odd numbers, halves of surrogates, a file that is no UTF-8 and the
// like give null, and the caller parses the file as JSON, which also finds the words for what is wrong.
// It is also the safer way: JSON.parse of V8 12.8 to 14.6 (Node 24 and 26) reads some escaped keys, `"\""` among them, as a
// backslash once another object had such a key (https://github.com/nodejs/node/issues/63785).

import { isUtf8 } from 'node:buffer';

import type { GgufValue } from './gguf.ts';
import { JsonCursor, type Sink } from './json-cursor.ts';

export interface TokenizerBulk {
  vocabulary: TokenBytes;
  merges: GgufValue;
}

// Qwen has 151,643 tokens; a vocabulary beyond this limit is left to JSON.parse.
const LIMIT = 2 ** 18;
const SLOTS = 2 * LIMIT;
const [KEPT, ENCODED] = [{ spaces: 'kept' }, { spaces: 'encoded' }] as const;

/** Tokens as UTF-8 in one piece of memory, found by id and by content. Neither comes twice. */
class TokenBytes {
  /** Tokens in it. */
  size = 0;
  /** One more than the highest id. */
  idEnd = 0;
  /** Where the next token's bytes go, before `add`. */
  readonly sink: Sink;
  readonly #pool: Buffer;
  readonly #ends = new Int32Array(LIMIT + 1);
  readonly #ids = new Int32Array(LIMIT);
  readonly #entryOfId = new Int32Array(LIMIT).fill(-1);
  // Entries by the hash of their bytes, each plus one; a taken slot sends to the next.
  readonly #slots = new Int32Array(SLOTS);

  constructor(poolBytes: number) {
    this.#pool = Buffer.allocUnsafe(poolBytes);
    this.sink = { bytes: this.#pool, at: 0 };
  }

  /** Takes what has been written to `sink` since the last token; false if there is no room, or it or its id is known. */
  add(id: number): boolean {
    if (this.size >= LIMIT || id < 0 || id >= LIMIT || this.has(id)) return false;
    const start = this.#ends[this.size] as number;
    const end = this.sink.at;
    const slot = this.#slotOf(this.#pool, start, end);
    if (this.#slots[slot] !== 0) return false;
    this.#slots[slot] = this.size + 1;
    this.#entryOfId[id] = this.size;
    this.#ids[this.size] = id;
    this.#ends[++this.size] = end;
    if (id >= this.idEnd) this.idEnd = id + 1;
    return true;
  }

  has(id: number): boolean {
    return (this.#entryOfId[id] ?? -1) !== -1;
  }

  idOf(content: string): number | undefined {
    const bytes = Buffer.from(content);
    if (bytes.toString() !== content) return undefined;
    const entry = (this.#slots[this.#slotOf(bytes, 0, bytes.length)] as number) - 1;
    return entry === -1 ? undefined : this.#ids[entry];
  }

  /** A string for every id: that of `strings` where it has one, else the token. */
  render(strings: readonly (string | undefined)[]): GgufValue {
    const added = strings.reduce((sum, text) => sum + (text === undefined ? 0 : Buffer.byteLength(text)), 0);
    const sink = { bytes: Buffer.allocUnsafe(strings.length * 8 + this.sink.at + added), at: 0 };
    for (let id = 0; id < strings.length; id++) {
      const start = sink.at;
      sink.at += 8;
      const text = strings[id];
      if (text === undefined) this.#copyToken(id, sink);
      else sink.at += sink.bytes.write(text, sink.at);
      writeLength(sink, start);
    }
    return stringsIn(sink, strings.length);
  }

  // Tokens are a few bytes long: a call to copy them would cost more than the copying.
  #copyToken(id: number, sink: Sink): void {
    const entry = this.#entryOfId[id] ?? -1;
    if (entry === -1) return;
    const end = this.#ends[entry + 1] as number;
    let to = sink.at;
    for (let from = this.#ends[entry] as number; from < end; from++)
      sink.bytes[to++] = this.#pool[from] as number;
    sink.at = to;
  }

  // The slot that holds these bytes, or the free one where they belong.
  #slotOf(bytes: Buffer, start: number, end: number): number {
    const [slots, ends, pool] = [this.#slots, this.#ends, this.#pool];
    // FNV-1a.
    let hash = 0x811c9dc5 | 0;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
    let slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    for (; slots[slot] !== 0; slot = (slot + 1) & (SLOTS - 1)) {
      const entry = (slots[slot] as number) - 1;
      let other = ends[entry] as number;
      if ((ends[entry + 1] as number) - other !== end - start) continue;
      let at = start;
      while (at < end && pool[other] === bytes[at]) {
        at++;
        other++;
      }
      if (at === end) break;
    }
    return slot;
  }
}

/** `rest` is the file with `{}` for the vocabulary and `[]` for the merges; whether it is valid is not known yet. */
export function cutBulk(bytes: Buffer): { bulk: TokenizerBulk; rest: Buffer } | null {
  if (!isUtf8(bytes)) return null;
  const cursor = new JsonCursor(bytes);
  const kept: Buffer[] = [];
  let keptTo = 0;
  const cut = <T>(stand: string, read: (cursor: JsonCursor) => T | null): T | null => {
    cursor.peek();
    kept.push(bytes.subarray(keptTo, cursor.at), Buffer.from(stand));
    const value = read(cursor);
    keptTo = cursor.at;
    return value;
  };
  const vocabularies: (TokenBytes | null)[] = [];
  const merges: (GgufValue | null)[] = [];
  let models = 0;
  const visitModel = (key: string): boolean => {
    if (key === 'vocab') return vocabularies.push(cut('{}', readVocabulary)) === 1;
    if (key === 'merges') return merges.push(cut('[]', readMerges)) === 1;
    return cursor.skip();
  };
  const isSure = cursor.members((key) => {
    if (key !== 'model') return cursor.skip();
    return ++models === 1 && cursor.members(visitModel);
  });
  const [[vocabulary = null], [mergeList = null]] = [vocabularies, merges];
  if (!isSure || vocabulary === null || mergeList === null) return null;
  const rest = Buffer.concat([...kept, bytes.subarray(keptTo)]);
  return { bulk: { vocabulary, merges: mergeList }, rest };
}

function readVocabulary(cursor: JsonCursor): TokenBytes | null {
  const tokens = new TokenBytes(cursor.bytes.length - cursor.at);
  if (!cursor.take('{')) return null;
  do {
    if (!cursor.copyString(tokens.sink, KEPT) || !cursor.take(':')) return null;
    if (!tokens.add(cursor.integer())) return null;
  } while (cursor.take(','));
  return cursor.take('}') ? tokens : null;
}

/** `"a b"`, or `["a", "b"]`, where a space inside a part becomes the letter for it; null also when there is none. */
function readMerges(cursor: JsonCursor): GgufValue | null {
  // A merge of n bytes as JSON, its comma included, takes at most 3 n: 8 for the length, a space, two bytes a letter.
  const sink = { bytes: Buffer.allocUnsafe(3 * (cursor.bytes.length - cursor.at)), at: 0 };
  let count = 0;
  const isSure = cursor.elements(() => {
    const start = sink.at;
    sink.at += 8;
    count++;
    const isPair = cursor.peek() !== 0x22;
    const isTaken = isPair ? copyPair(cursor, sink) : cursor.copyString(sink, KEPT);
    writeLength(sink, start);
    return isTaken;
  });
  return isSure && count > 0 ? stringsIn(sink, count) : null;
}

function copyPair(cursor: JsonCursor, sink: Sink): boolean {
  if (!cursor.take('[') || !cursor.copyString(sink, ENCODED)) return false;
  sink.bytes[sink.at++] = 0x20;
  return cursor.take(',') && cursor.copyString(sink, ENCODED) && cursor.take(']');
}

/** The u64 before a string that starts 8 bytes after `start` and ends where the sink is. */
function writeLength({ bytes, at }: Sink, start: number): void {
  const length = at - start - 8;
  bytes[start] = length;
  bytes[start + 1] = length >>> 8;
  bytes[start + 2] = length >>> 16;
  bytes[start + 3] = length >>> 24;
  for (let i = 4; i < 8; i++) bytes[start + i] = 0;
}

function stringsIn({ bytes, at }: Sink, count: number): GgufValue {
  return { type: 'array', value: { elementType: 'string', count, bytes: bytes.subarray(0, at) } };
}
