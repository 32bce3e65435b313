// Owns the way from token ids back to text, as Hugging Face's byte-level decoder goes it: tokens are spelt in an
// alphabet of 256 letters, one per byte; their bytes are joined and read as UTF-8.
// llama.cpp's own detokenizer is not used: it takes "</s>", an ordinary piece of Qwen's vocabulary, for a control token.
import type { GgufMetadata } from '../convert/gguf.ts';
import { TOKEN_TYPES } from '../convert/qwen3.ts';

export class Detokenizer {
  readonly #spellings: Buffer;
  readonly #types: Buffer;
  /** Where the spelling of each id begins; one more for the end. */
  readonly #starts: Uint32Array;
  readonly #utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

  /** The metadata of a file that the engine has accepted. */
  constructor(metadata: GgufMetadata) {
    const tokens = metadata.get('tokenizer.ggml.tokens');
    const types = metadata.get('tokenizer.ggml.token_type');
    const isWhole =
      tokens?.type === 'array' &&
      tokens.value.elementType === 'string' &&
      types?.type === 'array' &&
      types.value.elementType === 'i32';
    this.#spellings = isWhole ? tokens.value.bytes : Buffer.alloc(0);
    this.#types = isWhole ? types.value.bytes : Buffer.alloc(0);
    this.#starts = findStarts(this.#spellings, isWhole ? Math.min(tokens.value.count, types.value.count) : 0);
  }

  /** Ids without a token of their own give no text; `special` keeps that of control tokens. */
  detokenise(ids: readonly number[], special: boolean): string {
    return this.#utf8.decode(Buffer.concat(ids.map((id) => this.#bytesOf(id, special))));
  }

  #bytesOf(id: number, special: boolean): Uint8Array {
    const start = this.#starts[id];
    const end = this.#starts[id + 1];
    if (start === undefined || end === undefined) return NOTHING;
    const type = this.#types.readInt32LE(4 * id);
    const isControl = type === TOKEN_TYPES.control;
    if (type === TOKEN_TYPES.unused || (isControl && !special)) return NOTHING;
    const spelling = this.#spellings.subarray(start + LENGTH_BYTES, end);
    return isControl || type === TOKEN_TYPES.userDefined ? spelling : readAlphabet(spelling);
  }
}

const NOTHING = new Uint8Array(0);

/** A GGUF string opens with its size as u64. */
const LENGTH_BYTES = 8;

function findStarts(spellings: Buffer, count: number): Uint32Array {
  const starts = new Uint32Array(count === 0 ? 0 : count + 1);
  for (let id = 0, at = 0; id < count; id++) {
    at += LENGTH_BYTES + spellings.readUInt32LE(at);
    starts[id + 1] = at;
  }
  return starts;
}

function readAlphabet(spelling: Buffer): Uint8Array {
  const bytes = [];
  for (const letter of spelling.toString('utf8')) {
    const byte = BYTE_OF_LETTER.get(letter);
    // What is not in the alphabet was never bytes: the decoder takes such a token as it is.
    if (byte === undefined) return spelling;
    bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

// GPT-2's alphabet: bytes that print stand for themselves as Latin-1, the others, in order, for letters from 256 on.
const BYTE_OF_LETTER = new Map<string, number>();
for (let byte = 0, others = 0; byte < 256; byte++) {
  const prints = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  BYTE_OF_LETTER.set(String.fromCodePoint(prints ? byte : 256 + others++), byte);
}
