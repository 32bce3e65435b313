// The places that models come from, behind one small interface: how each lists, names and admits. The rest of the room
// does not ask which one it is.
import { createHash } from 'node:crypto';
import { Fault } from '../faults.ts';
import { isObject } from '../json-object.ts';
import type { HubSettings, HubSource, RepoFile } from './contract.ts';
import { isCommit, isSafePath } from './names.ts';
import type { Hub } from './open-hub.ts';

interface Revision {
  repo: string;
  revision: string;
}

interface CommitFiles {
  commit: string;
  files: RepoFile[];
}

interface SourceRules {
  defaultBranch: string;
  /** The name of a revision in the cache's refs. */
  refName(revision: string): string;
  tokenHeaders(token: string): Record<string, string>;
  /** `known` gives the files of a commit whose list is at hand. */
  list(
    hub: Hub,
    wanted: Revision,
    options: { signal: AbortSignal; known: (commit: string) => RepoFile[] | null },
  ): Promise<CommitFiles>;
  fileUrl(settings: HubSettings, file: Revision & { commit: string; path: string }): string;
}

export const SOURCES: Record<HubSource, SourceRules> = {
  huggingface: {
    defaultBranch: 'main',
    refName: (revision) => revision,
    tokenHeaders: (token) => ({ authorization: `Bearer ${token}` }),
    list: listHuggingFace,
    fileUrl: ({ endpoint }, { repo, commit, path }) =>
      `${endpoint}/${repo}/resolve/${commit}/${encodePath(path)}`,
  },
  modelscope: {
    defaultBranch: 'master',
    // Its branches are not those of the other hub, though the files are kept in one cache.
    refName: (revision) => `modelscope/${revision}`,
    tokenHeaders: (token) => ({ authorization: `Bearer ${token}`, cookie: `m_session_id=${token}` }),
    list: listModelScope,
    fileUrl: ({ endpoint }, { repo, revision, path }) =>
      `${endpoint}/api/v1/models/${repo}/repo?Revision=${encodeURIComponent(revision)}&FilePath=${encodeURIComponent(path)}`,
  },
};

const encodePath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

async function listHuggingFace(
  hub: Hub,
  { repo, revision }: Revision,
  { signal, known }: Parameters<SourceRules['list']>[2],
): Promise<CommitFiles> {
  const wanted = { repo, revision, path: null };
  const api = `${hub.settings.endpoint}/api/models/${repo}`;
  const { value } = await hub.getJson(`${api}/revision/${encodeURIComponent(revision)}`, { wanted, signal });
  const commit = isObject(value) ? value['sha'] : undefined;
  if (!isCommit(commit)) throw unfit(api, 'it names no commit');
  const kept = known(commit);
  if (kept !== null) return { commit, files: kept };
  const files: RepoFile[] = [];
  let next: string | undefined = `${api}/tree/${commit}?recursive=true`;
  while (next !== undefined) {
    const page = await hub.getJson(next, { wanted, signal });
    if (!Array.isArray(page.value)) throw unfit(api, 'its list is no list');
    files.push(...page.value.filter((entry) => !isFolder(entry)).map((entry) => parseTreeEntry(entry, api)));
    next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(page.headers['link'] ?? '')?.[1];
    if (next !== undefined) next = rewriteToEndpoint(new URL(next, api), hub.settings).href;
  }
  return { commit, files };
}

const isFolder = (entry: unknown): boolean => isObject(entry) && entry['type'] === 'directory';

function parseTreeEntry(entry: unknown, api: string): RepoFile {
  if (!isObject(entry)) throw unfit(api, 'its list holds what is no file');
  const { path, size, oid, lfs } = entry;
  const [digest, sizeBytes] = isObject(lfs) ? [lfs['oid'], lfs['size']] : [oid, size];
  const kind = isObject(lfs) ? 'sha256' : 'gitSha1';
  return checkFile({ path, sizeBytes, kind, hex: digest }, api);
}

// There is no commit to pin there: the digests of all files stand for one, and a file that changes after the listing
// does not fit its digest any more.
async function listModelScope(
  hub: Hub,
  { repo, revision }: Revision,
  { signal }: Parameters<SourceRules['list']>[2],
): Promise<CommitFiles> {
  const api = `${hub.settings.endpoint}/api/v1/models/${repo}/repo/files`;
  const query = `Revision=${encodeURIComponent(revision)}&Recursive=True`;
  const { value } = await hub.getJson(`${api}?${query}`, {
    wanted: { repo, revision, path: null },
    signal,
  });
  const data = isObject(value) ? value['Data'] : undefined;
  const entries = isObject(data) ? data['Files'] : undefined;
  if (!Array.isArray(entries)) throw unfit(api, 'its answer has no Data.Files');
  const files = entries
    .filter((entry) => !(isObject(entry) && entry['Type'] === 'tree'))
    .map((entry) => {
      const { Path, Size, Sha256 } = isObject(entry) ? entry : {};
      return checkFile({ path: Path, sizeBytes: Size, kind: 'sha256', hex: Sha256 }, api);
    });
  return { commit: hashListing(files), files };
}

function hashListing(files: readonly RepoFile[]): string {
  const lines = files.map(({ path, digest }) => `${digest.hex} ${path}\n`).sort();
  return createHash('sha1').update(lines.join('')).digest('hex');
}

function checkFile(
  {
    path,
    sizeBytes,
    kind,
    hex,
  }: Record<'path' | 'sizeBytes' | 'hex', unknown> & { kind: 'sha256' | 'gitSha1' },
  api: string,
): RepoFile {
  if (typeof path !== 'string' || typeof sizeBytes !== 'number' || !Number.isSafeInteger(sizeBytes))
    throw unfit(api, 'its list holds a file without name or size');
  if (!isSafePath(path))
    throw unfit(api, `it lists ${JSON.stringify(path)}, which lies outside the model's folder`);
  const digits = kind === 'sha256' ? 64 : 40;
  if (typeof hex !== 'string' || hex.length !== digits || !/^[0-9a-f]+$/.test(hex) || sizeBytes < 0)
    throw unfit(api, `it lists ${JSON.stringify(path)} without a digest`);
  return { path, sizeBytes, digest: { kind, hex } };
}

function unfit(api: string, problem: string): Fault {
  return new Fault('HUB_UNFIT', { host: new URL(api).host, problem });
}

const OFFICIAL_ORIGIN = 'https://huggingface.co';

/** Mirrors pass on links to the official host, which whoever uses a mirror often cannot reach. */
export function rewriteToEndpoint(url: URL, { source, endpoint }: HubSettings): URL {
  const isOfficial = source === 'huggingface' && url.origin === OFFICIAL_ORIGIN;
  return isOfficial ? new URL(endpoint + url.pathname + url.search) : url;
}
