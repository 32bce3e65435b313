// The table of routes: methods, paths, who may call, what goes in and out, and every fault that the route may answer.
// The server is built from it and refuses to answer a fault that its row does not list; docs/http.md and /openapi.json
// are rendered from it.

import * as native from './native-schemas.ts';
import { OTHER_TASKS } from './other-tasks.ts';
import { PAGE_ROUTES } from './page-routes.ts';
import { FAULTS_OF_A_BODY, FAULTS_OF_EMBEDDING, FAULTS_OF_THE_MODEL } from './route-faults.ts';
import type { Feature, RouteRow } from './route-row.ts';
import * as openai from './schemas.ts';

const POST = ['POST'] as const;
const GET = ['GET'] as const;
const POST_OR_PUT = ['POST', 'PUT'] as const;
const GET_OR_POST = ['GET', 'POST'] as const;

/** What asks how the server is: anyone may, at any time. */
const PROBE = {
  group: 'state',
  methods: GET,
  access: 'open',
  needsModel: false,
  body: null,
  faults: [],
} as const;

export const ROUTES = {
  embeddings: {
    group: 'embeddings',
    methods: POST,
    paths: ['/v1/embeddings'],
    access: 'serve',
    summary: 'One vector per text or list of token ids',
    needsModel: true,
    body: openai.EMBEDDINGS_BODY,
    answer: { status: 200, schema: openai.EMBEDDINGS_ANSWER },
    faults: FAULTS_OF_EMBEDDING,
  },
  models: {
    group: 'models',
    methods: GET,
    paths: ['/v1/models'],
    access: 'serve',
    summary: 'The one model that is served',
    needsModel: false,
    body: null,
    answer: { status: 200, schema: openai.MODEL_LIST },
    faults: [],
  },
  model: {
    group: 'models',
    methods: GET,
    paths: ['/v1/models/*'],
    access: 'serve',
    summary: 'One model by its id, with its slashes as they are or as %2F',
    needsModel: false,
    body: null,
    answer: { status: 200, schema: openai.MODEL_CARD },
    faults: ['MODEL_UNKNOWN'],
  },
  encode: {
    group: 'embeddings',
    methods: POST_OR_PUT,
    paths: ['/encode'],
    access: 'serve',
    summary: "Vectors in SGLang's own shape: one object for one input, a list for a list",
    needsModel: true,
    body: native.ENCODE_BODY,
    answer: { status: 200, schema: native.ENCODE_ANSWER },
    faults: FAULTS_OF_EMBEDDING,
  },
  tokenize: {
    group: 'tokens',
    methods: POST,
    paths: ['/v1/tokenize'],
    access: 'serve',
    summary: "Token ids of one text or of several, by the model's own tokenizer",
    needsModel: true,
    body: native.TOKENIZE_BODY,
    answer: { status: 200, schema: native.TOKENIZE_ANSWER },
    faults: [...FAULTS_OF_A_BODY, ...FAULTS_OF_THE_MODEL, 'TOO_MANY_INPUTS'],
  },
  detokenize: {
    group: 'tokens',
    methods: POST,
    paths: ['/v1/detokenize'],
    access: 'serve',
    summary: 'The text of one list of token ids or of several',
    needsModel: true,
    body: native.DETOKENIZE_BODY,
    answer: { status: 200, schema: native.DETOKENIZE_ANSWER },
    faults: [...FAULTS_OF_A_BODY, ...FAULTS_OF_THE_MODEL, 'TOO_MANY_INPUTS'],
  },
  otherTasks: {
    group: 'other tasks',
    methods: POST_OR_PUT,
    paths: Object.keys(OTHER_TASKS),
    access: 'serve',
    summary: 'What needs another kind of model: refused in words',
    needsModel: false,
    body: null,
    answer: null,
    faults: ['TASK_UNSUPPORTED'],
  },
  health: {
    ...PROBE,
    paths: ['/health'],
    summary: 'Whether requests can be answered now: 200 or 503',
    answer: { status: 200, schema: openai.HEALTH_ANSWER, orStatus: 503 },
  },
  healthGenerate: {
    ...PROBE,
    paths: ['/health_generate'],
    summary: 'The same, proven by computing one vector: 200 or 503',
    answer: { status: 200, schema: openai.HEALTH_ANSWER, orStatus: 503 },
  },
  ready: {
    ...PROBE,
    paths: ['/readyz'],
    summary: 'For orchestrators: 200 while a worker takes work and the server does not stop, else 503',
    answer: { status: 200, schema: openai.READY_ANSWER, orStatus: 503 },
  },
  live: {
    ...PROBE,
    paths: ['/livez'],
    summary: 'For orchestrators: 200 while the server can serve or come to serve, else start it anew: 503',
    answer: { status: 200, schema: openai.LIVE_ANSWER, orStatus: 503 },
  },
  ping: {
    group: 'state',
    methods: GET,
    paths: ['/ping', '/'],
    access: 'serve',
    summary: 'That a server listens, whatever its state',
    needsModel: false,
    body: null,
    answer: { status: 200, schema: native.SENTENCE },
    faults: [],
  },
  modelInfo: {
    group: 'models',
    methods: GET,
    paths: ['/model_info', '/get_model_info'],
    access: 'serve',
    summary: 'What the model is',
    needsModel: false,
    body: null,
    answer: { status: 200, schema: native.MODEL_INFO },
    faults: [],
  },
  serverInfo: {
    group: 'state',
    methods: GET,
    paths: ['/server_info', '/get_server_info'],
    access: 'inspect',
    summary: "The server's settings, without secrets, and its state",
    needsModel: false,
    body: null,
    answer: { status: 200, schema: native.SERVER_INFO },
    faults: [],
  },
  load: {
    group: 'state',
    methods: GET,
    paths: ['/get_load'],
    access: 'serve',
    summary: "Requests and tokens in work, an entry per worker, in SGLang's shape",
    needsModel: false,
    body: null,
    answer: { status: 200, schema: native.LOADS },
    faults: [],
  },
  metrics: {
    group: 'state',
    methods: GET,
    paths: ['/metrics'],
    access: 'open',
    summary: "What was done and how long it took, in Prometheus' text format",
    needsModel: false,
    body: null,
    answer: { status: 200, schema: openai.METRICS_ANSWER },
    onlyWith: 'metrics',
    faults: [],
  },
  flushCache: {
    group: 'management',
    methods: GET_OR_POST,
    paths: ['/flush_cache'],
    access: 'manage',
    summary: 'Drops finished vectors and shared prefixes in all workers',
    needsModel: true,
    body: null,
    answer: { status: 200, schema: native.PLAIN_TEXT },
    faults: ['STARTING', 'STOPPING', ...FAULTS_OF_A_BODY],
  },
  abortRequest: {
    group: 'management',
    methods: POST,
    paths: ['/abort_request'],
    access: 'manage',
    summary: 'Ends the requests that have this `rid` or `x-request-id`, or all of them',
    needsModel: false,
    body: native.ABORT_BODY,
    answer: { status: 200, schema: native.NOTHING },
    faults: FAULTS_OF_A_BODY,
  },
  openapi: {
    group: 'state',
    methods: GET,
    paths: ['/openapi.json'],
    access: 'open',
    onlyWith: 'openapi',
    summary: 'This API as an OpenAPI document',
    needsModel: false,
    body: null,
    answer: { status: 200, schema: openai.OPENAPI_DOCUMENT },
    faults: [],
  },
  ...PAGE_ROUTES,
} as const satisfies Record<string, RouteRow>;

export type RouteName = keyof typeof ROUTES;

/** The rows of a server that has these features. */
export function rowsWith(features: ReadonlySet<Feature>): [RouteName, RouteRow][] {
  return (Object.entries(ROUTES) as [RouteName, RouteRow][]).filter(
    ([, { onlyWith }]) => onlyWith === undefined || features.has(onlyWith),
  );
}
