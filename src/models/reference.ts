// Owns what a model may be called on the command line: an existing folder, a .gguf file, or a repository of the hub as
// `owner/name`, `owner/name@revision`, `owner/name:QUANT` or a short name of the catalog. Pure: what lies at a path is
// told by the caller, and what lies there wins over a repository of the same name.
import { Fault } from '../faults.ts';
import { findNearestRepos, findRepoByShortName } from './catalog.ts';

export interface HubReference {
  kind: 'hub';
  repo: string;
  /** Branch, tag or commit; null = the repository's default branch. */
  revision: string | null;
  /** Type of the weights, in upper case: `Q8_0`. */
  quantization: string | null;
}

export type ModelReference = { kind: 'folder'; path: string } | { kind: 'gguf'; path: string } | HubReference;

/** What a text that is taken for a path leads to. */
export type FoundThere = 'folder' | 'file' | null;

/** Faults: MODEL_MISSING with the nearest names. */
export function parseReference(text: string, found: FoundThere): ModelReference {
  if (found === 'folder') return { kind: 'folder', path: text };
  if (found === 'file') {
    if (text.endsWith('.gguf')) return { kind: 'gguf', path: text };
    throw new Fault('MODEL_MISSING', { path: text, problem: 'is a file, but not a .gguf file' });
  }
  if (isPath(text)) throw new Fault('MODEL_MISSING', { path: text, problem: 'no such file or folder' });
  return parseHubReference(text);
}

/** For commands that mean the hub and nothing else. Faults: MODEL_MISSING with the nearest names. */
export function parseHubReference(text: string): HubReference {
  const match = /^(?:([\w.-]+)\/)?([\w.-]+)(?:@([\w./-]+))?(?::([\w.-]+))?$/.exec(text);
  const [, owner, name = '', revision = null, quantization = null] = match ?? [];
  const repo = owner === undefined ? findRepoByShortName(name) : `${owner}/${name}`;
  if (match === null || repo === null || hasDotsOnly(owner) || hasDotsOnly(name)) throw unknown(text);
  return { kind: 'hub', repo, revision, quantization: quantization?.toUpperCase() ?? null };
}

/**
 * A repository with what options say of it; an option and the text may say the same, not different things.
 * Faults: MODEL_MISSING, BAD_OPTION.
 */
export function refineReference(
  text: string | HubReference,
  options: { revision: string | null; quantization: string | null },
): HubReference {
  const reference = typeof text === 'string' ? parseHubReference(text) : text;
  const { revision, quantization } = reference;
  return {
    ...reference,
    revision: unite('--revision', revision, options.revision),
    quantization: unite('--quantization', quantization, options.quantization?.toUpperCase() ?? null),
  };
}

function unite(option: string, inName: string | null, given: string | null): string | null {
  if (inName === null || given === null || inName === given) return inName ?? given;
  throw new Fault('BAD_OPTION', {
    option: `${option} ${given}`,
    problem: `the model's name says ${inName}`,
    hint: 'leave out one of the two',
  });
}

// What a shell completes or a person writes for a place on disk; the hub's names never look so.
function isPath(text: string): boolean {
  return /^(\.{0,2}|~[^/\\]*|[A-Za-z]:)[/\\]/.test(text) || text.includes('\\') || /\.gguf$/i.test(text);
}

const hasDotsOnly = (part: string | undefined): boolean => part !== undefined && /^\.+$/.test(part);

function unknown(text: string): Fault {
  const nearest = findNearestRepos(text);
  return new Fault('MODEL_MISSING', {
    path: text,
    problem: 'is neither a file or folder here nor the name of a repository (owner/name)',
    hint: nearest.length === 0 ? 'try Qwen/Qwen3-Embedding-0.6B' : `did you mean ${nearest.join(' or ')}?`,
  });
}
