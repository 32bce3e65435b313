// Texts to vectors over HTTP: any OpenAI-compatible server. Waits and asks again where a server says that it is busy or a
// connection breaks; tells a text that is refused from a server that fails.
import { Agent, RetryAgent, type Dispatcher } from 'undici';

import { parseVectors, readModelIds, readRefusal } from '../client/answer.ts';
import type { Endpoint } from '../client/endpoint.ts';
import { REFUSAL_HINTS } from '../client/refusal-hints.ts';
import { Fault } from '../faults.ts';
import { explainNetworkError } from '../network-error.ts';
import type { EmbedTexts } from './requests.ts';

export interface HttpEmbedderOptions {
  endpoint: Endpoint;
  apiKey: string | null;
  /** What requests name; null asks the server for the first model that it lists. */
  model: string | null;
  /** Members of every request beside model, input and encoding_format: dimensions, instruction ... */
  members: Readonly<Record<string, unknown>>;
  connections: number;
  /** To the first byte of an answer. */
  timeoutMs: number;
}

export interface HttpEmbedder {
  model: string;
  /** Of the vectors that the options ask for. */
  dimensions: number;
  embed: EmbedTexts;
  close(): Promise<void>;
}

const BUSY = [429, 502, 503, 504];
const BROKEN = [
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
];
/** With pauses that double from half a second to ten, about a minute: a server may be restarting. */
const RETRIES = { maxRetries: 10, minTimeout: 500, maxTimeout: 10_000 };
const PROBE = 'The capital of China is Beijing.';

/** Faults: SERVER_UNREACHABLE, SERVER_UNFIT. */
export async function openHttpEmbedder(options: HttpEmbedderOptions): Promise<HttpEmbedder> {
  const { connections, timeoutMs } = options;
  const agent = new Agent({ connections, headersTimeout: timeoutMs, bodyTimeout: timeoutMs });
  try {
    const model = options.model ?? (await readFirstModel(agent, options));
    const retrying = new RetryAgent(agent, {
      ...RETRIES,
      methods: ['POST'],
      statusCodes: BUSY,
      errorCodes: BROKEN,
    });
    const named = { ...options, model };
    return {
      model,
      dimensions: await probeDimensions(agent, named),
      embed: (texts, signal) => embed(retrying, named, { texts, signal }),
      close: () => agent.destroy(),
    };
  } catch (error) {
    await agent.destroy();
    throw error;
  }
}

/** One text without retries, so that a wrong URL or option is told at once and not after a minute. */
async function probeDimensions(agent: Agent, options: HttpEmbedderOptions): Promise<number> {
  const signal = AbortSignal.timeout(options.timeoutMs);
  const { url } = options.endpoint;
  try {
    const [vector] = await embed(agent, options, { texts: [PROBE], signal });
    if (vector !== undefined && vector.length > 0) return vector.length;
    throw new Fault('SERVER_UNFIT', { url, problem: 'its vectors are empty' });
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'TEXT_REFUSED') throw error;
    throw new Fault('SERVER_UNFIT', { url, problem: (error as Fault<'TEXT_REFUSED'>).params.problem });
  }
}

async function readFirstModel(agent: Agent, options: HttpEmbedderOptions): Promise<string> {
  const { origin, modelsPath } = options.endpoint;
  const answer = await exchange(agent, options, { method: 'GET', origin, path: modelsPath });
  // What keeps strangers out keeps them from its vectors, too; other refusals may be of the list alone.
  if (answer.status === 401 || answer.status === 403) throw refusal(options, answer);
  const [first] = answer.status === 200 ? readModelIds(answer.body.toString('utf8')) : [];
  if (first !== undefined) return first;
  throw new Fault('SERVER_UNFIT', {
    url: options.endpoint.url,
    problem: 'it lists no model',
    hint: 'name the model that it serves: --model-id NAME',
  });
}

async function embed(
  dispatcher: Dispatcher,
  options: HttpEmbedderOptions,
  { texts, signal }: { texts: readonly string[]; signal: AbortSignal },
): Promise<readonly Float32Array[]> {
  const { endpoint, members, model } = options;
  const { origin, embeddingsPath: path } = endpoint;
  const body = JSON.stringify({ ...members, model, input: texts, encoding_format: 'base64' });
  const answer = await exchange(dispatcher, options, { method: 'POST', origin, path, body, signal });
  if (answer.status === 200) {
    const vectors = parseVectors(answer.body);
    if (vectors?.length === texts.length) return vectors;
    throw new Fault('SERVER_UNFIT', {
      url: endpoint.url,
      problem: `it answered ${String(vectors?.length ?? 0)} vectors for ${String(texts.length)} texts`,
    });
  }
  // 500 with retries ruled out is a text that no worker survives.
  if ([400, 413, 422, 500].includes(answer.status)) {
    const problem = readRefusal(answer.body.toString('utf8')).message ?? `HTTP ${String(answer.status)}`;
    throw new Fault('TEXT_REFUSED', { problem });
  }
  throw refusal(options, answer);
}

function refusal({ endpoint }: HttpEmbedderOptions, { status, body }: Answer): Fault {
  const { message } = readRefusal(body.toString('utf8'));
  const hint = REFUSAL_HINTS[status];
  return new Fault('SERVER_UNFIT', {
    url: endpoint.url,
    problem: message === null ? `HTTP ${String(status)}` : `HTTP ${String(status)}: ${message}`,
    ...(hint === undefined ? {} : { hint }),
  });
}

interface Answer {
  status: number;
  body: Buffer;
}

interface Call {
  method: 'GET' | 'POST';
  origin: string;
  path: string;
  body?: string;
  signal?: AbortSignal;
}

async function exchange(
  dispatcher: Dispatcher,
  { endpoint, apiKey }: HttpEmbedderOptions,
  { signal, ...call }: Call,
): Promise<Answer> {
  const authorization = apiKey === null ? {} : { authorization: `Bearer ${apiKey}` };
  const headers = { 'content-type': 'application/json', accept: 'application/json', ...authorization };
  try {
    const { statusCode, body } = await dispatcher.request({ ...call, headers, signal: signal ?? null });
    return { status: statusCode, body: Buffer.from(await body.arrayBuffer()) };
  } catch (error) {
    // The reason of the signal.
    if (error instanceof Fault) throw error;
    const { url, origin } = endpoint;
    throw new Fault('SERVER_UNREACHABLE', { url, origin, problem: explain(error) }, { cause: error });
  }
}

function explain(error: unknown): string {
  const { statusCode } = error as { statusCode?: number };
  return statusCode === undefined ? explainNetworkError(error) : `HTTP ${String(statusCode)} again and again`;
}
