// Owns the log of requests for embeddings that --log-requests asks for: what one line says at each level, how it looks,
// where it goes. Knows no HTTP. A folder that cannot be written to costs its lines, never an answer.

import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import type { EmbedInput } from '../embedder.ts';

export interface RequestLogSettings {
  /** 0 = sizes and times, 1 = also options, 2 = also texts and vectors cut short, 3 = all of them. */
  level: number;
  format: 'text' | 'json';
  /** `stdout`, or folders. */
  targets: readonly string[];
}

/** One request that has ended. */
export interface RequestRecord {
  requestId: string;
  path: string;
  inputs: number;
  seconds: number;
  /** Code of the fault that it was refused with; null = it was answered. */
  fault: string | null;
  tokens: number | null;
  options: Readonly<Record<string, unknown>>;
  texts: readonly EmbedInput[];
}

/** As SGLang cuts texts at level 2. */
const SHOWN_CHARACTERS = 2048;

const STDOUT = 'stdout';

export class RequestLog {
  readonly #settings: RequestLogSettings;
  readonly #onProblem: (problem: string) => void;
  /** By folder: the file of the day. */
  readonly #files = new Map<string, { path: string; stream: WriteStream }>();

  constructor(settings: RequestLogSettings, onProblem: (problem: string) => void) {
    this.#settings = settings;
    this.#onProblem = onProblem;
  }

  write(record: RequestRecord): void {
    const time = new Date().toISOString();
    const line = `${renderRecord(record, time, this.#settings)}\n`;
    for (const target of this.#settings.targets) {
      if (target === STDOUT) process.stdout.write(line);
      else this.#fileIn(target, time.slice(0, 10)).write(line);
    }
  }

  close(): Promise<void> {
    const ends = [...this.#files.values()].map(
      ({ stream }) => new Promise<void>((resolve) => stream.end(resolve)),
    );
    return Promise.all(ends).then(() => undefined);
  }

  #fileIn(folder: string, day: string): WriteStream {
    const path = join(folder, `requests-${day}.log`);
    const open = this.#files.get(folder);
    if (open?.path === path) return open.stream;
    open?.stream.end();
    const stream = createWriteStream(path, { flags: 'a' }).on('error', ({ message }) => {
      this.#onProblem(`the log of requests: ${message}`);
    });
    this.#files.set(folder, { path, stream });
    return stream;
  }
}

/** Without its line break. Pure. */
export function renderRecord(
  record: RequestRecord,
  time: string,
  { level, format }: Pick<RequestLogSettings, 'level' | 'format'>,
): string {
  const { requestId, path, inputs, tokens, fault } = record;
  const seconds = Number(record.seconds.toFixed(6));
  const fields = {
    ...{ requestId, path, inputs, tokens, seconds, fault },
    ...(level >= 1 ? { options: record.options } : {}),
    ...(level >= 2 ? { texts: shown(level === 2 ? cut(record.texts) : record.texts) } : {}),
  };
  if (format === 'json') return JSON.stringify({ time, event: 'request.finished', ...fields });
  const words = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `[${time}] Finish: ${words.join(' ')}`;
}

// JSON has typed arrays as objects.
const shown = (texts: RequestRecord['texts']) =>
  texts.map((text) => (typeof text === 'string' ? text : Array.from(text)));

// The limit is for the line, not for each text: a request may have 2,048 of them.
function cut(texts: RequestRecord['texts']): RequestRecord['texts'] {
  const shown = [];
  let left = SHOWN_CHARACTERS;
  for (const text of texts) {
    if (left <= 0) break;
    shown.push(text.slice(0, left));
    left -= text.length;
  }
  return shown;
}
