// Sends one request until it has its answer and judges what came: right, wrong, lost. Refusals that say when to come
// again are obeyed, as OpenAI's clients do. Each request has an id that its answer must carry.
import { randomUUID } from 'node:crypto';
import { request as openRequest, type IncomingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { parseVectors, readRefusal } from '../../src/client/answer.ts';
import { relativeDifference } from '../../test/fixtures/vectors.ts';
import { TOLERANCE } from './corpus.ts';
import type { Expectation, Shot } from './shots.ts';

export type Verdict =
  { kind: 'answered' | 'refused' | 'hung up' } | { kind: 'wrong' | 'lost'; problem: string };

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Longer than the watchdog and two restarts take. */
const TIMEOUT_MS = 120_000;
const MOST_TRIES = 100;

export class Sender {
  readonly #url: URL;
  readonly #pool: Pool;
  /** Answers that nobody was waiting for on their connection. */
  duplicates = 0;
  /** Honest refusals that were obeyed, by status. */
  readonly refusals: Record<string, number> = {};

  constructor(url: string, connections: number) {
    this.#url = new URL(url);
    this.#pool = new Pool(url, { connections, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
    this.#pool.on('disconnect', (_url, _targets, error) => {
      if (error.name === 'HTTPParserError') this.duplicates += 1;
    });
  }

  async send(shot: Shot): Promise<Verdict> {
    const { expected } = shot;
    try {
      if (expected.kind === 'none') return await this.#hangUp(shot, expected.afterMs);
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const answer =
          shot.announcedBytes === undefined ? await this.#post(shot) : await this.#announce(shot);
        const waitMs = readWaitMs(answer);
        if (waitMs === null) return judge(answer, expected);
        this.refusals[String(answer.status)] = (this.refusals[String(answer.status)] ?? 0) + 1;
        await delay(waitMs);
      }
      return { kind: 'lost', problem: `refused ${String(MOST_TRIES)} times` };
    } catch (error) {
      if (error instanceof MixedUp) return { kind: 'wrong', problem: error.message };
      return {
        kind: 'lost',
        problem: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      };
    }
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  async #post({ path, body }: Shot, signal: AbortSignal | null = null): Promise<Answer> {
    const id = randomUUID();
    const response = await this.#pool.request({
      method: 'POST',
      path,
      body,
      signal,
      headers: { 'content-type': 'application/json', 'x-request-id': id },
    });
    const answer = {
      status: response.statusCode,
      headers: response.headers,
      body: Buffer.from(await response.body.arrayBuffer()),
    };
    checkId(answer.headers, id);
    return answer;
  }

  /** What came of it is for the server alone; an answer that was quicker is as good. */
  async #hangUp(shot: Shot, afterMs: number): Promise<Verdict> {
    const signal = AbortSignal.timeout(afterMs);
    await this.#post(shot, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    return { kind: 'hung up' };
  }

  /** A body that is announced and never comes: undici would not send such a thing. */
  async #announce({ path, announcedBytes }: Shot): Promise<Answer> {
    const id = randomUUID();
    const headers = {
      'content-type': 'application/json',
      'content-length': announcedBytes,
      'x-request-id': id,
    };
    const request = openRequest(new URL(path, this.#url), { method: 'POST', headers, agent: false });
    try {
      return await new Promise<Answer>((resolve, reject) => {
        request.once('error', reject);
        request.once('response', (response) => {
          checkId(response.headers, id);
          buffer(response).then((body) => {
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
          }, reject);
        });
        request.flushHeaders();
      });
    } finally {
      request.destroy();
    }
  }
}

/** An answer that is another request's. */
class MixedUp extends Error {}

function checkId(headers: IncomingHttpHeaders, id: string): void {
  const given = String(headers['x-request-id']);
  if (given !== id) throw new MixedUp(`the answer is for ${given}, not for ${id}`);
}

/** null where the answer is final. */
function readWaitMs({ status, headers }: Answer): number | null {
  const seconds = Number(headers['retry-after']);
  return (status === 429 || status === 503) && seconds > 0 ? 1000 * seconds : null;
}

function judge({ status, body }: Answer, expected: Expectation): Verdict {
  const text = body.toString('utf8');
  if (expected.kind === 'refusal') {
    const { code } = readRefusal(text);
    if (status === expected.status && code === expected.code) return { kind: 'refused' };
    return { kind: 'wrong', problem: `${String(status)} ${String(code)}, not ${expected.code}` };
  }
  if (status !== 200) return { kind: 'lost', problem: `${String(status)} ${text.slice(0, 300)}` };
  if (expected.kind === 'vectors') return judgeVectors(body, expected.vectors);
  const same = expected.kind === 'tokens' && hasTokens(text, expected.idLists);
  return same ? { kind: 'answered' } : { kind: 'wrong', problem: `tokens ${text.slice(0, 300)}` };
}

function judgeVectors(body: Buffer, expected: readonly Float32Array[]): Verdict {
  const vectors = parseVectors(body);
  if (vectors?.length !== expected.length)
    return { kind: 'wrong', problem: `${String(vectors?.length)} vectors for ${String(expected.length)}` };
  for (const [i, vector] of vectors.entries()) {
    const difference = relativeDifference(vector, expected[i] ?? new Float32Array());
    if (difference < TOLERANCE) continue;
    return { kind: 'wrong', problem: `vector ${String(i)} is off by ${String(difference)}` };
  }
  return { kind: 'answered' };
}

function hasTokens(text: string, idLists: readonly (readonly number[])[]): boolean {
  const { tokens } = JSON.parse(text) as { tokens: unknown };
  return JSON.stringify(tokens) === JSON.stringify(idLists);
}
