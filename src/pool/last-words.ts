// The last lines that a process printed, whatever it prints: bounded in lines and in bytes, whole or broken UTF-8.
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

const MAX_LINES = 40;
const MAX_LINE_CHARACTERS = 500;

/** Lines of a stack trace, as ggml, glibc, gdb and Node print them: they follow the reason and bury it. */
const FRAME = /^\s*(?:#?\d+:?\s|at\s|-----|\[?0x|\[New LWP|\[Thread|\S+\.(?:so|dylib|dll|node)\S*\()/;

export class LastWords {
  readonly #lines: string[] = [];
  readonly #onLine: (line: string) => void;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** Collects one stream; streams do not mix within a line. */
  listen(stream: Readable): void {
    const decoder = new StringDecoder('utf8');
    let open = '';
    stream.on('data', (chunk: Buffer) => {
      const parts = (open + decoder.write(chunk)).split(/\r?\n|\r/);
      open = (parts.pop() ?? '').slice(0, MAX_LINE_CHARACTERS);
      for (const part of parts) this.#keep(part);
    });
    stream.once('end', () => {
      this.#keep(open);
    });
  }

  #keep(line: string): void {
    const text = line.slice(0, MAX_LINE_CHARACTERS).trimEnd();
    if (text === '') return;
    this.#lines.push(text);
    if (this.#lines.length > MAX_LINES) this.#lines.shift();
    this.#onLine(text);
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** The last lines that are sentences, at most `count`. */
  sentences(count: number): string[] {
    return this.#lines.filter((line) => !FRAME.test(line)).slice(-count);
  }
}
