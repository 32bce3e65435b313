// Owns the check of a model's files against a list of their digests: a file of sha256 sums, as SGLang writes it, or what
// a repository says of its own. Reads every byte; knows nothing of what is in the files.
import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { HubSettings, RepoFile } from '../download/contract.ts';
import { digestFile } from '../download/follow-digest.ts';
import { listRepo } from '../download/list-repo.ts';
import { openHub } from '../download/open-hub.ts';
import { Fault } from '../faults.ts';
import type { ModelReference } from './reference.ts';
import { parseHubReference } from './reference.ts';

export interface VerifyOptions {
  /** A file of sums, a repository's name, or nothing: the model's own repository. */
  source: string;
  hubSettings: HubSettings;
  signal?: AbortSignal;
}

type Sums = ReadonlyMap<string, RepoFile['digest']>;

/** What no program reads differs between copies of one model. */
const UNREAD = /^(?:\..*|checksums\.json|(?:LICENSE|README|NOTICE)(?:\..*)?)$/;

/**
 * Nothing is left to do for a repository's model: whatever is fetched is verified against the repository's list.
 * Faults: BAD_OPTION, FILE_UNREADABLE, MODEL_MISSING for a file that is not there, WEIGHTS_CORRUPT for one that differs;
 * those of the hub.
 */
export async function verifyFiles(model: ModelReference, options: VerifyOptions): Promise<void> {
  const { source } = options;
  if (model.kind === 'hub') {
    if (source === '' || source === model.repo) return;
    throw refuse(source, 'a repository is verified against its own list', 'leave out its value');
  }
  if (source === '')
    throw refuse(source, 'a model on disk has no list', 'give a checksums.json or the name of a repository');
  const sums = await readSums(options);
  if (model.kind === 'folder')
    for (const [name, digest] of sums) await verifyFile(join(model.path, name), digest, source);
  else await verifyFile(model.path, listed(sums, model.path, source), source);
}

const refuse = (source: string, problem: string, hint: string): Fault =>
  new Fault('BAD_OPTION', { option: `--model-checksum ${source}`.trimEnd(), problem, hint });

function listed(sums: Sums, path: string, source: string): RepoFile['digest'] {
  const digest = sums.get(basename(path));
  if (digest === undefined) throw refuse(source, `does not list ${basename(path)}`, `see ${dirname(path)}`);
  return digest;
}

async function verifyFile(path: string, digest: RepoFile['digest'], source: string): Promise<void> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined)
    throw new Fault('MODEL_MISSING', { path, problem: `is not there, but ${source} lists it` });
  const hex = await digestFile(path, { sizeBytes: found.size, digest });
  if (hex === digest.hex) return;
  const problem = `its digest is ${hex.slice(0, 16)}…, ${source} says ${digest.hex.slice(0, 16)}…`;
  throw new Fault('WEIGHTS_CORRUPT', { path, problem });
}

async function readSums(options: VerifyOptions): Promise<Sums> {
  const { source } = options;
  const isFile = statSync(source, { throwIfNoEntry: false })?.isFile() === true;
  return isFile ? readSumsFile(source) : listSums(options);
}

/** `{"checksums": {NAME: SHA256}}` */
function readSumsFile(path: string): Sums {
  const wrong = (problem: string) => new Fault('FILE_UNREADABLE', { path, problem });
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error));
  }
  const sums = (value as { checksums?: unknown } | null)?.checksums;
  if (typeof sums !== 'object' || sums === null) throw wrong('it has no object "checksums"');
  return new Map(
    Object.entries(sums).map(([name, hex]: [string, unknown]) => {
      if (typeof hex !== 'string' || !/^[0-9a-f]{64}$/i.test(hex) || basename(name) !== name)
        throw wrong(`${JSON.stringify(name)} is no file with a sha256`);
      return [name, { kind: 'sha256', hex: hex.toLowerCase() }];
    }),
  );
}

async function listSums({ source, hubSettings, signal }: VerifyOptions): Promise<Sums> {
  const { repo, revision } = parseHubReference(source);
  const hub = await openHub(hubSettings);
  try {
    const { files } = await listRepo(hub, { repo, revision }, signal === undefined ? {} : { signal });
    const own = files.filter(({ path }) => !path.includes('/') && !UNREAD.test(path));
    return new Map(own.map(({ path, digest }) => [path, digest]));
  } finally {
    await hub.close();
  }
}
