// Walks over JSON bytes without making values of them, for the few places where millions of bytes would become objects
// only to be written out again. Refuses, by returning false, whatever it is not sure of; its caller then lets JSON.parse
// decide. Expects bytes that are valid UTF-8.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;

/** Bytes being written; the writer must have room for all that comes. */
export interface Sink {
  bytes: Buffer;
  at: number;
}

export class JsonCursor {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** The next byte that is no white space; -1 at the end. */
  peek(): number {
    for (;;) {
      const byte = this.bytes[this.at] ?? -1;
      if (byte !== SPACE && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
      this.at++;
    }
  }

  /** Steps over one character, if it is the next. */
  take(character: string): boolean {
    if (this.peek() !== character.charCodeAt(0)) return false;
    this.at++;
    return true;
  }

  /** Calls `visit` before each value of an object; it must step over the value. */
  members(visit: (key: string) => boolean): boolean {
    if (!this.take('{')) return false;
    if (this.take('}')) return true;
    do {
      const key = this.#plainKey();
      if (key === null || !this.take(':') || !visit(key)) return false;
    } while (this.take(','));
    return this.take('}');
  }

  /** Calls `visit` before each value of a list; it must step over the value. */
  elements(visit: () => boolean): boolean {
    if (!this.take('[')) return false;
    if (this.take(']')) return true;
    do if (!visit()) return false;
    while (this.take(','));
    return this.take(']');
  }

  /** Steps over any value; what is inside is not checked. */
  skip(): boolean {
    let depth = 0;
    for (;;) {
      const byte = this.peek();
      if (byte === -1) return false;
      const isClosing = byte === 0x5d || byte === 0x7d;
      if (depth === 0 && (isClosing || byte === 0x2c)) return true;
      if (byte === 0x5b || byte === 0x7b) depth++;
      if (isClosing) depth--;
      if (byte === QUOTE) this.at = this.#endOfString(this.at + 1);
      this.at++;
    }
  }

  /** A whole number of at most nine digits, or -1. */
  integer(): number {
    this.peek();
    const start = this.at;
    let value = 0;
    for (; this.at - start < 10; this.at++) {
      const digit = (this.bytes[this.at] ?? 0) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const digits = this.at - start;
    const hasLeadingZero = digits > 1 && this.bytes[start] === 0x30;
    const next = this.peek();
    return digits === 0 || digits > 9 || hasLeadingZero || (next !== 0x2c && next !== 0x7d) ? -1 : value;
  }

  /** Writes a string's text as UTF-8, spaces as U+0120 when `spaces` says so. */
  copyString(sink: Sink, { spaces }: { spaces: 'kept' | 'encoded' }): boolean {
    if (this.peek() !== QUOTE) return false;
    const { bytes } = this;
    const target = sink.bytes;
    const special = spaces === 'encoded' ? SPACE : -1;
    let to = sink.at;
    for (let at = this.at + 1; ; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === QUOTE) {
        this.at = at + 1;
        sink.at = to;
        return true;
      }
      if (byte === BACKSLASH) return this.#copyEscaped(sink, special !== -1);
      if (byte < SPACE) return false;
      if (byte === special) {
        target[to++] = 0xc4;
        target[to++] = 0xa0;
      } else target[to++] = byte;
    }
  }

  #copyEscaped(sink: Sink, encodesSpaces: boolean): boolean {
    const end = this.#endOfString(this.at + 1) + 1;
    try {
      const text = JSON.parse(this.bytes.toString('utf8', this.at, end)) as string;
      const encoded = Buffer.from(encodesSpaces ? text.replaceAll(' ', '\u0120') : text);
      // Half a surrogate pair has no UTF-8.
      if (/\p{Surrogate}/u.test(text)) return false;
      sink.at += encoded.copy(sink.bytes, sink.at);
      this.at = end;
      return true;
    } catch {
      return false;
    }
  }

  #plainKey(): string | null {
    if (this.peek() !== QUOTE) return null;
    const start = this.at + 1;
    const end = this.#endOfString(start);
    const key = this.bytes.toString('utf8', start, end);
    this.at = end + 1;
    return key.includes('\\') ? null : key;
  }

  #endOfString(start: number): number {
    let at = start;
    for (; at < this.bytes.length && this.bytes[at] !== QUOTE; at++) if (this.bytes[at] === BACKSLASH) at++;
    return at;
  }
}
