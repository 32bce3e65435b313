// From the URL that a user gives to the routes of an OpenAI-compatible server. Pure.
import { Fault } from '../faults.ts';

export interface Endpoint {
  /** As sent to, for reports: ends in /embeddings, has no user or password. */
  url: string;
  origin: string;
  embeddingsPath: string;
  modelsPath: string;
  /** Of the server itself, whatever the base is. */
  metricsPath: string;
}

/** Takes a root, a base that ends in /v1, or the whole address that ends in /embeddings. Fault: BAD_OPTION. */
export function parseEndpoint(option: string, text: string): Endpoint {
  const url = /^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : null;
  if (url === null)
    throw new Fault('BAD_OPTION', {
      option: `${option} ${text}`,
      problem: 'is not the URL of a server',
      hint: `give its root or its /v1: ${option} http://127.0.0.1:30000/v1`,
    });
  const path = url.pathname.replace(/\/+$/, '');
  const base = path.endsWith('/embeddings') ? path.slice(0, -'/embeddings'.length) : withVersion(path);
  return {
    url: `${url.origin}${base}/embeddings${url.search}`,
    origin: url.origin,
    embeddingsPath: `${base}/embeddings${url.search}`,
    modelsPath: `${base}/models${url.search}`,
    metricsPath: '/metrics',
  };
}

// OpenAI's own base ends in /v1, others in /v2 or /openai/v1.
const withVersion = (path: string): string => (/\/v\d+$/.test(path) ? path : `${path}/v1`);

/** The server's own address, `/` last, of whatever clients are given: the root, its /v1, or the address of embeddings. */
export const rootOf = (base: string): string => base.replace(/(\/v\d+(\/embeddings)?)?\/*$/, '/');
