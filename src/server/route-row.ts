// What a row of the table of routes can say, and what follows from it. Pure; the rows are in routes.ts.

import { FAULTS, type FaultCode, wireCodeOf } from '../faults.ts';
import type { Access } from './access.ts';
import type { JsonSchema } from './schemas.ts';

/** What a server has only if it was told to. */
export type Feature = 'metrics' | 'pages' | 'openapi' | 'docs';

/** What a route is about, for readers of the API document. */
export type RouteGroup =
  'embeddings' | 'tokens' | 'models' | 'state' | 'management' | 'pages' | 'other tasks';

interface Answer {
  status: 200;
  schema: JsonSchema;
  /** With which the same shape says no. */
  orStatus?: 503;
}

export interface RouteRow {
  group: RouteGroup;
  methods: readonly ('GET' | 'POST' | 'PUT')[];
  /** The first is the one to use; `*` takes the rest of the path, slashes included. */
  paths: readonly string[];
  access: Access;
  summary: string;
  /** Refused before the body is read while the model loads (STARTING) or the server stops (STOPPING). */
  needsModel: boolean;
  body: JsonSchema | null;
  /** Status of success and its schema; null = every request is refused, before its body is read. */
  answer: Answer | null;
  onlyWith?: Feature;
  /** Only for requests that ask for HTML; others meet another row at the same path. */
  forBrowsers?: true;
  /** Beside those that `faultsOf` adds. */
  faults: readonly FaultCode[];
}

/** Every fault that the route may answer. */
export function faultsOf({ access, faults }: RouteRow): FaultCode[] {
  return [...faults, ...(access === 'open' ? [] : ['UNAUTHORIZED' as const]), 'BUG'];
}

/** A path, and without `/v1` where it is one of OpenAI's kind: clients differ on what a base URL includes. */
export function namesOf(path: string): string[] {
  return [...new Set([path, path.replace(/^\/v1(?=\/)/, '')])];
}

/** The paths with all their names. */
export function pathsOf({ paths }: RouteRow): string[] {
  return [...new Set(paths.flatMap(namesOf))];
}

/** What the route may refuse with: status -> the codes of its error bodies. */
export function refusalsOf(row: RouteRow): [status: number, codes: string[]][] {
  const byStatus = new Map<number, string[]>();
  for (const name of faultsOf(row)) {
    const status = FAULTS[name].status ?? 500;
    byStatus.set(status, [...(byStatus.get(status) ?? []), wireCodeOf(name)]);
  }
  return [...byStatus].sort(([a], [b]) => a - b).map(([status, codes]) => [status, codes.sort()]);
}
