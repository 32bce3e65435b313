// Connections to one hub: proxies, redirects, and the token, which goes to the hub's own origin and nowhere else.
// Knows HTTP; what is asked for and what an answer means is decided by those who ask.
import { readFile } from 'node:fs/promises';
import { EnvHttpProxyAgent, request, type Dispatcher } from 'undici';
import { Fault } from '../faults.ts';
import type { HubSettings } from './contract.ts';
import { faultOfRefusal, unreachable, type Headers, type Wanted } from './hub-faults.ts';
import { ReceiveMemory } from './receive-memory.ts';
import { rewriteToEndpoint, SOURCES } from './sources.ts';
import { tryAgain } from './try-again.ts';

export interface HubAnswer {
  status: number;
  /** Of the last hop. */
  headers: Headers;
  /** What the hub itself said on the way. */
  hubHeaders: Headers;
  /** Where the last hop was. */
  url: URL;
  body: Dispatcher.ResponseData['body'];
}

interface GetOptions {
  wanted: Wanted;
  signal: AbortSignal;
  range?: { start: number; end: number };
  /** Statuses to hand over beside 200 and 206. */
  accept?: readonly number[];
  /** Longest silence; default: that of files. */
  silenceMs?: number;
}

const REDIRECTS = [301, 302, 303, 307, 308];
const MOST_HOPS = 6;
const LISTING_LIMIT_BYTES = 100_000_000;
const REFUSAL_LIMIT_BYTES = 10_000;
const LISTING_TRIES = 3;

/** Reads the token file, if there is one. Faults: FILE_UNREADABLE. */
export async function openHub(settings: HubSettings): Promise<Hub> {
  return new Hub(settings, await readToken(settings.token));
}

export class Hub {
  readonly settings: HubSettings;
  readonly hasToken: boolean;
  readonly #origin: string;
  readonly #tokenHeaders: Headers;
  /** What bodies come in, but for those that come through a proxy. */
  readonly memory = new ReceiveMemory();
  readonly #agent: EnvHttpProxyAgent;

  constructor(settings: HubSettings, token: string | null) {
    const { connectMs } = settings.timing;
    const { http, https, except } = settings.proxies;
    this.settings = settings;
    this.hasToken = token !== null;
    this.#origin = new URL(settings.endpoint).origin;
    this.#tokenHeaders = token === null ? {} : SOURCES[settings.source].tokenHeaders(token);
    this.#agent = new EnvHttpProxyAgent({
      httpProxy: http,
      httpsProxy: https,
      noProxy: except,
      connect: this.memory.connector({ timeout: connectMs }),
    });
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  /** Follows redirects. Faults: whatever a refusal or a broken connection means; the body must be read or destroyed. */
  async get(address: string, { accept = [], ...options }: GetOptions): Promise<HubAnswer> {
    const { wanted } = options;
    let url = new URL(address);
    let hubHeaders: Headers = {};
    for (let hop = 0; hop < MOST_HOPS; hop++) {
      const { statusCode: status, headers: raw, body } = await this.#send(url, options);
      const headers = flatten(raw);
      if (url.origin === this.#origin) hubHeaders = { ...hubHeaders, ...headers };
      const { location } = headers;
      if (status === 200 || status === 206 || accept.includes(status))
        return { status, headers, hubHeaders, url, body };
      if (!REDIRECTS.includes(status) || location === undefined) {
        const refusal = { status, url, headers, body: await readStart(body) };
        throw faultOfRefusal(refusal, wanted, { endpoint: this.settings.endpoint, hasToken: this.hasToken });
      }
      await drop(body);
      url = this.#follow(url, location);
    }
    throw new Fault('HUB_UNFIT', { host: url.host, problem: 'it redirects without end' });
  }

  /** A JSON answer and its headers, tried again while the hub fails. */
  async getJson(
    address: string,
    { wanted, signal }: GetOptions,
  ): Promise<{ value: unknown; headers: Headers }> {
    const { timing } = this.settings;
    return tryAgain(
      async () => {
        const { body, headers, url } = await this.get(address, {
          wanted,
          signal,
          silenceMs: timing.listingMs,
        });
        const text = await this.#readText(body, url);
        try {
          return { value: JSON.parse(text) as unknown, headers };
        } catch (error) {
          throw new Fault('HUB_UNFIT', { host: url.host, problem: 'its list is no JSON' }, { cause: error });
        }
      },
      // A list that does not come may still be in the cache.
      { timing, signal, tries: Math.min(timing.tries, LISTING_TRIES) },
    );
  }

  /** Around an error in a body. */
  brokenBody(error: unknown, url: URL): Fault {
    const via = url.origin === this.#origin ? null : new URL(this.settings.endpoint).host;
    return unreachable(error, { host: url.host, via, source: this.settings.source });
  }

  isOwn(url: URL): boolean {
    return url.origin === this.#origin;
  }

  async #send(
    url: URL,
    { signal, range, silenceMs = this.settings.timing.idleMs }: Omit<GetOptions, 'accept'>,
  ): Promise<Dispatcher.ResponseData> {
    const headers = {
      'user-agent': 'qwen-embed',
      'accept-encoding': 'identity',
      ...(range === undefined ? {} : { range: `bytes=${String(range.start)}-${String(range.end - 1)}` }),
      ...(url.origin === this.#origin ? this.#tokenHeaders : {}),
    };
    try {
      const timeouts = { headersTimeout: silenceMs, bodyTimeout: silenceMs };
      return await request(url, { headers, signal, dispatcher: this.#agent, ...timeouts });
    } catch (error) {
      signal.throwIfAborted();
      throw this.brokenBody(error, url);
    }
  }

  #follow(from: URL, location: string): URL {
    const next = URL.canParse(location, from.href) ? new URL(location, from) : null;
    if (next === null || !/^https?:$/.test(next.protocol))
      throw new Fault('HUB_UNFIT', {
        host: from.host,
        problem: `it redirects to ${JSON.stringify(location)}`,
      });
    return rewriteToEndpoint(next, this.settings);
  }

  async #readText(body: HubAnswer['body'], url: URL): Promise<string> {
    try {
      return (await readBytes(body, LISTING_LIMIT_BYTES)).toString('utf8');
    } catch (error) {
      throw this.brokenBody(error, url);
    }
  }
}

async function readToken(token: HubSettings['token']): Promise<string | null> {
  if (token === null) return null;
  if ('value' in token) return token.value;
  try {
    const text = (await readFile(token.file, 'utf8')).trim();
    return text === '' ? null : text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new Fault(
      'FILE_UNREADABLE',
      { path: token.file, problem: (error as Error).message },
      { cause: error },
    );
  }
}

function flatten(headers: Dispatcher.ResponseData['headers']): Headers {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]),
  );
}

async function readBytes(body: HubAnswer['body'], limitBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    pieces.push(piece);
    sizeBytes += piece.length;
    if (sizeBytes >= limitBytes) break;
  }
  return Buffer.concat(pieces);
}

/** Reads a small body to its end, so that the connection serves again. */
async function drop(body: HubAnswer['body']): Promise<void> {
  await body.dump({ limit: REFUSAL_LIMIT_BYTES }).catch(() => undefined);
}

async function readStart(body: HubAnswer['body']): Promise<string> {
  return readBytes(body, REFUSAL_LIMIT_BYTES).then(
    (bytes) => bytes.toString('utf8'),
    () => '',
  );
}
