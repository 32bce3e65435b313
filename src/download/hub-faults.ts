// What a refusal or a broken connection means, in the words of src/faults.ts. Pure.
// The Hub's codes: https://huggingface.co answers 401 both for a missing and for a private repository.
import { Fault } from '../faults.ts';
import { explainNetworkError } from '../network-error.ts';
import type { HubSettings } from './contract.ts';

export type Headers = Readonly<Record<string, string>>;

/** What was asked for when it went wrong. */
export interface Wanted {
  repo: string;
  revision: string;
  /** Null for a listing. */
  path: string | null;
}

interface Refusal {
  status: number;
  url: URL;
  headers: Headers;
  /** The start of it. */
  body: string;
}

type Asker = Pick<HubSettings, 'endpoint'> & { hasToken: boolean };

/** The fault behind an answer that is neither what was asked for nor a redirect. */
export function faultOfRefusal(refusal: Refusal, wanted: Wanted, { endpoint, hasToken }: Asker): Fault {
  const { status, url, headers } = refusal;
  const { host } = url;
  const { repo, revision, path } = wanted;
  const said = describeRefusal(refusal);
  if (status === 429)
    return new Fault('HUB_RATE_LIMITED', { host, waitSeconds: waitSeconds(headers), hasToken });
  // A store's link has a life of about an hour; the hub gives a new one.
  if (status >= 500 || status === 408 || url.origin !== new URL(endpoint).origin)
    return new Fault('HUB_FAILED', { host, problem: said });
  const code = headers['x-error-code'];
  if (code === 'GatedRepo') return new Fault('REPO_GATED', { repo, url: `${endpoint}/${repo}`, hasToken });
  if (code === 'RevisionNotFound') return new Fault('REVISION_UNKNOWN', { repo, revision });
  if (code === 'EntryNotFound' && path !== null)
    return new Fault('REPO_FILE_UNKNOWN', { repo, commit: revision, path });
  if (said.includes('Invalid credentials'))
    return new Fault('HUB_FORBIDDEN', {
      repo,
      host,
      problem: 'the token is wrong or has expired',
      hint: 'set HF_TOKEN to a valid token, or unset it for public models',
    });
  if (said.includes('Access to this resource is disabled'))
    return new Fault('HUB_FORBIDDEN', {
      repo,
      host,
      problem: 'it is disabled',
      hint: 'choose another model',
    });
  if (code === 'RepoNotFound' || status === 401 || status === 404)
    return new Fault('REPO_UNKNOWN', { repo, host, hasToken });
  if (status === 403)
    return new Fault('HUB_FORBIDDEN', {
      repo,
      host,
      problem: hasToken ? 'the token lacks the right to read it' : 'it needs a token',
    });
  return new Fault('HUB_UNFIT', { host, problem: said });
}

function describeRefusal({ status, headers, body }: Refusal): string {
  const message = headers['x-error-message'] ?? body.trim().split('\n')[0]?.slice(0, 200) ?? '';
  const id = headers['x-request-id'] ?? headers['x-amzn-trace-id'];
  const words = message === '' || message.startsWith('<') ? '' : ` (${message})`;
  return `status ${String(status)}${words}${id === undefined ? '' : `, request ${id}`}`;
}

const DEFAULT_WAIT_SECONDS = 60;

/** `RateLimit: "api";r=0;t=55` (a second is added, as its window ends within it), or `Retry-After`, seconds or a date. */
function waitSeconds(headers: Headers): number {
  const limit = /(?:^|[;,\s])t=(\d+)/.exec(headers['ratelimit'] ?? '')?.[1];
  if (limit !== undefined) return Number(limit) + 1;
  const after = headers['retry-after'] ?? '';
  if (/^\d+$/.test(after)) return Number(after);
  const until = Date.parse(after);
  return Number.isNaN(until) ? DEFAULT_WAIT_SECONDS : Math.max(0, Math.ceil((until - Date.now()) / 1_000));
}

/** Around what undici throws. `via` names the hub that sent us to this host. */
export function unreachable(
  error: unknown,
  { host, via, source }: { host: string; via: string | null; source: string },
): Fault {
  const problem = explainNetworkError(error);
  return new Fault('HUB_UNREACHABLE', { host, problem, via, source }, { cause: error });
}
