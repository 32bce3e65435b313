// The table of routes: method, path, what goes in and out, and every fault that the route may answer.
// The server is built from it and refuses to answer a fault that its row does not list; the API document reads it too.

import type { FaultCode } from '../faults.ts';
import {
  EMBEDDINGS_ANSWER,
  EMBEDDINGS_BODY,
  HEALTH_ANSWER,
  type JsonSchema,
  METRICS_ANSWER,
  MODEL_CARD,
  MODEL_LIST,
} from './schemas.ts';

export interface RouteRow {
  method: 'GET' | 'POST';
  /** With OpenAI's prefix; `*` takes the rest of the path, slashes included. */
  path: string;
  summary: string;
  /** Refused before the body is read while the model loads (STARTING) or the server stops (STOPPING). */
  needsModel: boolean;
  body: JsonSchema | null;
  /** Status of success and its schema. */
  answer: { status: 200; schema: JsonSchema };
  /** The route exists only if the server was told to have it. */
  onlyWith?: 'metrics';
  /** Beside FAULTS_OF_EVERY_ROUTE. */
  faults: readonly FaultCode[];
}

/** What any request may meet before or instead of a handler. */
export const FAULTS_OF_EVERY_ROUTE: readonly FaultCode[] = ['BUG'];

/** What a request that matches no row may meet. */
export const FAULTS_OF_NO_ROUTE: readonly FaultCode[] = [
  'ROUTE_UNKNOWN',
  'METHOD_NOT_ALLOWED',
  'INVALID_REQUEST',
];

export const ROUTES = {
  health: {
    method: 'GET',
    path: '/health',
    summary: 'Whether requests can be answered now: 200 or 503',
    needsModel: false,
    body: null,
    answer: { status: 200, schema: HEALTH_ANSWER },
    faults: [],
  },
  metrics: {
    method: 'GET',
    path: '/metrics',
    summary: "What was done and how long it took, in Prometheus' text format",
    needsModel: false,
    body: null,
    answer: { status: 200, schema: METRICS_ANSWER },
    onlyWith: 'metrics',
    faults: [],
  },
  models: {
    method: 'GET',
    path: '/v1/models',
    summary: 'The one model that is served',
    needsModel: false,
    body: null,
    answer: { status: 200, schema: MODEL_LIST },
    faults: [],
  },
  model: {
    method: 'GET',
    path: '/v1/models/*',
    summary: 'One model by its id, with its slashes as they are or as %2F',
    needsModel: false,
    body: null,
    answer: { status: 200, schema: MODEL_CARD },
    faults: ['MODEL_UNKNOWN'],
  },
  embeddings: {
    method: 'POST',
    path: '/v1/embeddings',
    summary: 'One vector per text or list of token ids',
    needsModel: true,
    body: EMBEDDINGS_BODY,
    answer: { status: 200, schema: EMBEDDINGS_ANSWER },
    faults: [
      'INVALID_REQUEST',
      'INPUT_EMPTY',
      'INPUT_TOO_LONG',
      'TOO_MANY_INPUTS',
      'BODY_TOO_LARGE',
      'MEDIA_TYPE',
      'STARTING',
      'STOPPING',
      'CANCELLED',
      'VECTOR_NOT_FINITE',
      'ENGINE_FAILED',
      'MEMORY_SHORT',
      'WORKER_START_FAILED',
      'WORKER_DIED',
      'WIRE_MALFORMED',
    ],
  },
} as const satisfies Record<string, RouteRow>;

export type RouteName = keyof typeof ROUTES;

/** The path, and for OpenAI's routes the one without `/v1`: clients differ on what a base URL includes. */
export function pathsOf(row: RouteRow): string[] {
  const bare = row.path.replace(/^\/v1(?=\/)/, '');
  return bare === row.path ? [row.path] : [row.path, bare];
}
