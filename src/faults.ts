// The one table of everything that can go wrong: exit code, HTTP status, sentence, hint.
// Commands, server, worker and docs read it; nothing else in the tree decides a status or an exit code.
// Knows no caller: a Fault is raised where the cause is known and turned into words only here.

/** Kinds group faults by who can act on them; each kind has one process exit code. */
export const EXIT_CODES = {
  usage: 2,
  network: 3,
  data: 4,
  host: 5,
  busy: 6,
  bug: 70,
} as const;

export type FaultKind = keyof typeof EXIT_CODES;

interface FaultRow<Params> {
  kind: FaultKind;
  /** HTTP status; null = cannot happen inside a request. */
  status: number | null;
  /** May the same request succeed if sent again? Decides `retry-after` and `x-should-retry`. */
  retry: boolean;
  /** `error.code` on the wire where OpenAI has a name of its own; else the code in lower case. */
  openaiCode?: string;
  /** `error.param` on the wire: the request field at fault. */
  param?: (params: Params) => string | null;
  /** One sentence without a full stop: what, the value, the limit. */
  message: (params: Params) => string;
  /** One action that the reader can take. */
  hint: (params: Params) => string;
}

type NoParams = Record<string, never>;

export const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(bytes < 1e9 ? 2 : 1)} GB`;

const row = <Params>(definition: FaultRow<Params>): FaultRow<Params> => definition;

export const FAULTS = {
  BAD_OPTION: row<{ option: string; problem: string; hint?: string }>({
    kind: 'usage',
    status: null,
    retry: false,
    message: ({ option, problem }) => `${option}: ${problem}`,
    hint: ({ hint }) => hint ?? 'see qwen-embed --help',
  }),
  OPTIONS_REFUSED: row<{ reasons: string; hint: string }>({
    kind: 'usage',
    status: null,
    retry: false,
    message: ({ reasons }) => `cannot be honoured here: ${reasons}`,
    hint: ({ hint }) => hint,
  }),
  INVALID_REQUEST: row<{ param: string | null; problem: string; hint?: string }>({
    kind: 'usage',
    status: 400,
    retry: false,
    param: ({ param }) => param,
    message: ({ problem }) => problem,
    hint: ({ hint }) => hint ?? 'see https://platform.openai.com/docs/api-reference/embeddings/create',
  }),
  INPUT_EMPTY: row<{ index: number | null }>({
    kind: 'usage',
    status: 400,
    retry: false,
    param: () => 'input',
    message: ({ index }) => (index === null ? 'input is empty' : `input ${String(index)} is empty`),
    hint: () => 'send at least one character or token id per input',
  }),
  INPUT_TOO_LONG: row<{ index: number; tokens: number; limit: number; isCounted?: boolean }>({
    kind: 'usage',
    status: 400,
    retry: false,
    openaiCode: 'context_length_exceeded',
    param: () => 'input',
    message: ({ index, tokens, limit, isCounted = true }) =>
      `input ${String(index)} has ${isCounted ? '' : 'at least '}${String(tokens)} tokens, the limit is ${String(limit)}`,
    hint: () =>
      'send "truncate": true, or "long_text": "mean" for the mean of its chunks, or launch with --allow-auto-truncate',
  }),
  TOO_MANY_INPUTS: row<{ count: number; limit: number }>({
    kind: 'usage',
    status: 400,
    retry: false,
    param: () => 'input',
    message: ({ count, limit }) => `${String(count)} inputs in one request, the limit is ${String(limit)}`,
    hint: ({ limit }) => `send at most ${String(limit)} inputs per request`,
  }),
  UNAUTHORIZED: row<{ isMissing: boolean }>({
    kind: 'usage',
    status: 401,
    retry: false,
    openaiCode: 'invalid_api_key',
    message: ({ isMissing }) =>
      isMissing
        ? 'this server wants a key and the request has none'
        : 'the key of the request is not one of this server',
    hint: () =>
      'send the header Authorization: Bearer KEY, with the KEY that --api-key or --admin-api-key was given',
  }),
  TASK_UNSUPPORTED: row<{ task: string }>({
    kind: 'usage',
    status: 400,
    retry: false,
    message: ({ task }) => `this server embeds texts, it does not ${task}`,
    hint: () => 'send texts to POST /v1/embeddings, and this request to a server with a model for it',
  }),
  ROUTE_UNKNOWN: row<{ method: string; path: string }>({
    kind: 'usage',
    status: 404,
    retry: false,
    message: ({ method, path }) => `there is no ${method} ${path}`,
    hint: () => 'vectors are at POST /v1/embeddings; docs/http.md has every route',
  }),
  METHOD_NOT_ALLOWED: row<{ method: string; path: string; allow: string }>({
    kind: 'usage',
    status: 405,
    retry: false,
    message: ({ method, path }) => `${path} does not answer ${method}`,
    hint: ({ allow }) => `use ${allow}`,
  }),
  BODY_TOO_LARGE: row<{ limitBytes: number }>({
    kind: 'usage',
    status: 413,
    retry: false,
    message: ({ limitBytes }) => `the request body exceeds ${String(limitBytes)} bytes`,
    hint: () => 'send fewer inputs per request',
  }),
  HEAD_TOO_LARGE: row<{ limitBytes: number }>({
    kind: 'usage',
    status: 431,
    retry: false,
    message: ({ limitBytes }) => `the head of the request exceeds ${String(limitBytes)} bytes`,
    hint: () => 'send fewer or shorter headers; --max-header-size sets the limit',
  }),
  TOO_SLOW: row<{ seconds: number }>({
    kind: 'usage',
    status: 408,
    retry: true,
    message: ({ seconds }) => `the request did not arrive within ${String(seconds)} s`,
    hint: () => 'send less per request; --header-timeout and --body-timeout set the times',
  }),
  MEDIA_TYPE: row<{ contentType: string }>({
    kind: 'usage',
    status: 415,
    retry: false,
    message: ({ contentType }) => `content type ${JSON.stringify(contentType)} is not supported`,
    hint: () => 'send JSON with content-type: application/json',
  }),
  CONTENT_ENCODING: row<{ encoding: string }>({
    kind: 'usage',
    status: 415,
    retry: false,
    message: ({ encoding }) => `content encoding ${JSON.stringify(encoding)} is not supported`,
    hint: () => 'send the body as it is, without content-encoding',
  }),
  MODEL_UNKNOWN: row<{ model: string; served: string }>({
    kind: 'data',
    status: 404,
    retry: false,
    openaiCode: 'model_not_found',
    param: () => 'model',
    message: ({ model }) => `the model ${JSON.stringify(model)} is not served here`,
    hint: ({ served }) => `this server has ${JSON.stringify(served)}`,
  }),
  MODEL_MISSING: row<{ path: string; problem: string; hint?: string }>({
    kind: 'data',
    status: null,
    retry: false,
    message: ({ path, problem }) => `${path}: ${problem}`,
    hint: ({ hint }) =>
      hint ?? 'give a Hugging Face folder (config.json, tokenizer.json, *.safetensors) or a .gguf file',
  }),
  MODEL_UNSUPPORTED: row<{ path: string; problem: string; hint?: string }>({
    kind: 'data',
    status: null,
    retry: false,
    message: ({ path, problem }) => `${path}: ${problem}`,
    hint: ({ hint }) => hint ?? 'use a Qwen3-Embedding model: Qwen/Qwen3-Embedding-0.6B, -4B or -8B',
  }),
  WEIGHTS_CORRUPT: row<{ path: string; problem: string }>({
    kind: 'data',
    status: null,
    retry: false,
    message: ({ path, problem }) => `${path}: ${problem}`,
    hint: () => 'the file is damaged or incomplete: fetch it again and compare its size and sha256',
  }),
  FILE_UNREADABLE: row<{ path: string; problem: string; hint?: string }>({
    kind: 'data',
    status: null,
    retry: false,
    message: ({ path, problem }) => `${path}: ${problem}`,
    hint: ({ hint }) => hint ?? 'check the path and its permissions',
  }),
  HUB_UNREACHABLE: row<{ host: string; problem: string; via: string | null; source: string }>({
    kind: 'network',
    status: null,
    retry: true,
    message: ({ host, problem, via }) =>
      `cannot fetch from ${host}${via === null ? '' : `, where ${via} keeps its large files`}: ${problem}`,
    hint: ({ source }) =>
      source === 'modelscope'
        ? 'check the network and HTTPS_PROXY, or try --source huggingface'
        : 'check the network and HTTPS_PROXY; where that host is blocked, try --source modelscope or set HF_ENDPOINT to a mirror',
  }),
  HUB_FAILED: row<{ host: string; problem: string }>({
    kind: 'network',
    status: null,
    retry: true,
    message: ({ host, problem }) => `${host} fails: ${problem}`,
    hint: () => 'run the same command again later: it goes on from what is there',
  }),
  HUB_UNFIT: row<{ host: string; problem: string }>({
    kind: 'network',
    status: null,
    retry: false,
    message: ({ host, problem }) => `${host} does not answer as a hub of models does: ${problem}`,
    hint: () => 'check HF_ENDPOINT or MODELSCOPE_ENDPOINT, and that no proxy answers in its place',
  }),
  HUB_RATE_LIMITED: row<{ host: string; waitSeconds: number; hasToken: boolean }>({
    kind: 'network',
    status: null,
    retry: true,
    message: ({ host, waitSeconds }) =>
      `${host} has had too many requests from here and asks to wait ${String(waitSeconds)} seconds`,
    hint: ({ hasToken }) =>
      `run the same command again after that: it goes on from what is there${hasToken ? '' : '; with HF_TOKEN set the limits are higher'}`,
  }),
  HUB_OFFLINE: row<{ repo: string; revision: string; problem: string }>({
    kind: 'network',
    status: null,
    retry: false,
    message: ({ repo, revision, problem }) => `${repo} at ${revision} is needed offline, but ${problem}`,
    hint: () => 'download it while online: unset HF_HUB_OFFLINE and run qwen-embed download',
  }),
  HUB_FORBIDDEN: row<{ repo: string; host: string; problem: string; hint?: string }>({
    kind: 'network',
    status: null,
    retry: false,
    message: ({ repo, host, problem }) => `${host} refuses ${repo}: ${problem}`,
    hint: ({ hint }) => hint ?? 'make a token that may read it and set HF_TOKEN',
  }),
  REPO_UNKNOWN: row<{ repo: string; host: string; hasToken: boolean }>({
    kind: 'network',
    status: null,
    retry: false,
    message: ({ repo, host, hasToken }) =>
      `${host} has no model ${repo}${hasToken ? ' that the token may see' : ', or it is private'}`,
    hint: ({ hasToken }) =>
      `check the name (owner/name)${hasToken ? ' and whose token it is' : '; for a private model set HF_TOKEN'}`,
  }),
  REPO_GATED: row<{ repo: string; url: string; hasToken: boolean }>({
    kind: 'network',
    status: null,
    retry: false,
    message: ({ repo }) => `${repo} is only for those who have accepted its terms`,
    hint: ({ url, hasToken }) =>
      `accept them at ${url}${hasToken ? ' with the account of your token' : ' and set HF_TOKEN to a token of that account'}`,
  }),
  REVISION_UNKNOWN: row<{ repo: string; revision: string }>({
    kind: 'network',
    status: null,
    retry: false,
    message: ({ repo, revision }) => `${repo} has no branch, tag or commit ${JSON.stringify(revision)}`,
    hint: () => 'leave the revision out for the default branch',
  }),
  REPO_FILE_UNKNOWN: row<{ repo: string; commit: string; path: string }>({
    kind: 'network',
    status: null,
    retry: false,
    message: ({ repo, commit, path }) => `${repo} has no file ${JSON.stringify(path)} at commit ${commit}`,
    hint: ({ repo }) => `see what it has with: qwen-embed download ${repo} --dry-run`,
  }),
  DOWNLOAD_MISMATCH: row<{ repo: string; path: string; problem: string }>({
    kind: 'network',
    status: null,
    retry: false,
    message: ({ repo, path, problem }) => `${path} of ${repo} did not arrive as listed: ${problem}`,
    hint: () => 'try again; if it stays so, a proxy or mirror on the way changes files: try another',
  }),
  DISK_FULL: row<{ path: string; neededBytes: number | null; freeBytes: number | null }>({
    kind: 'host',
    status: null,
    retry: false,
    message: ({ path, neededBytes, freeBytes }) =>
      `the disk of ${path} is full: ${neededBytes === null ? '' : `${gigabytes(neededBytes)} are needed, `}${freeBytes === null ? 'no more could be written' : `${gigabytes(freeBytes)} are free`}`,
    hint: () => 'free some space, or set HF_HUB_CACHE to a folder on a larger disk',
  }),
  PORT_IN_USE: row<{ host: string; port: number }>({
    kind: 'host',
    status: null,
    retry: false,
    message: ({ host, port }) => `${host}:${String(port)} is already in use`,
    hint: ({ port }) => `stop the other program or choose another port, such as --port ${String(port + 1)}`,
  }),
  ADDRESS_UNUSABLE: row<{ host: string; port: number; problem: string; isForbidden: boolean }>({
    kind: 'host',
    status: null,
    retry: false,
    message: ({ host, port, problem }) => `cannot listen on ${host}:${String(port)}: ${problem}`,
    hint: ({ isForbidden }) =>
      isForbidden
        ? 'ports below 1024 are often kept for root: choose another, such as --port 30000'
        : '--host takes an address of this machine: 127.0.0.1, 0.0.0.0, ::1 or one of its own',
  }),
  SERVER_UNREACHABLE: row<{ url: string; origin: string; problem: string }>({
    kind: 'network',
    status: null,
    retry: true,
    message: ({ url, problem }) => `${url}: ${problem}`,
    hint: ({ origin }) =>
      `check the URL, or wait for the server with: qwen-embed health --wait --url ${origin}`,
  }),
  SERVER_UNFIT: row<{ url: string; problem: string; hint?: string }>({
    kind: 'network',
    status: null,
    retry: false,
    message: ({ url, problem }) => `${url}: ${problem}`,
    hint: ({ hint }) => hint ?? 'the URL must be that of an OpenAI-compatible embeddings server',
  }),
  ROW_UNFIT: row<{ place: string; problem: string; hint: string }>({
    kind: 'data',
    status: null,
    retry: false,
    message: ({ place, problem }) => `${place} ${problem}`,
    hint: ({ hint }) => hint,
  }),
  TEXT_REFUSED: row<{ problem: string; place?: string }>({
    kind: 'data',
    status: null,
    retry: false,
    message: ({ problem, place }) =>
      `${place === undefined ? '' : `${place}: `}the server refuses the text: ${problem}`,
    hint: () => 'mend the row, or go on without vectors for such rows: --on-refusal skip',
  }),
  FILE_UNWRITABLE: row<{ path: string; problem: string; option?: string }>({
    kind: 'host',
    status: null,
    retry: false,
    message: ({ path, problem }) => `cannot write ${path}: ${problem}`,
    hint: ({ option }) =>
      `check free space and permissions, or choose another place${option === undefined ? '' : ` with ${option}`}`,
  }),
  NATIVE_MISSING: row<{ platform: string; problem: string }>({
    kind: 'host',
    status: null,
    retry: false,
    message: ({ platform, problem }) => `no usable llama.cpp library for ${platform}: ${problem}`,
    hint: () => 'run npm install again without --omit=optional; node-llama-cpp brings the libraries',
  }),
  NATIVE_MISMATCH: row<{ library: string; problem: string }>({
    kind: 'host',
    status: null,
    retry: false,
    message: ({ library, problem }) =>
      `${library} is not the llama.cpp this program was built for: ${problem}`,
    hint: () => 'reinstall qwen-embed so that node-llama-cpp has the pinned version',
  }),
  DEVICE_MISSING: row<{ backend: string; problem: string }>({
    kind: 'host',
    status: null,
    retry: false,
    message: ({ backend, problem }) => `${backend} cannot be used here: ${problem}`,
    hint: () => 'check the driver and the visible GPUs, or take what works with --device auto',
  }),
  MEMORY_SHORT: row<{
    /** Whose memory. */
    place: string;
    /** What it is for. */
    needed: string;
    neededBytes: number;
    /** `allowance` is the beginning of the sentence that `allowedBytes` ends. */
    allowedBytes: number;
    allowance: string;
    /** The nearest setting that fits; null = unknown. */
    advice: string | null;
  }>({
    kind: 'host',
    status: 500,
    retry: true,
    message: ({ place, needed, neededBytes, allowance, allowedBytes }) =>
      `too little memory on ${place}: ${gigabytes(neededBytes)} for ${needed}, ${allowance} ${gigabytes(allowedBytes)}`,
    hint: ({ advice }) =>
      advice ??
      'free memory there, or use fewer --lanes, smaller weights (--outtype q8_0) or a smaller model',
  }),
  ENGINE_FAILED: row<{ problem: string }>({
    kind: 'host',
    status: 500,
    retry: true,
    message: ({ problem }) => `llama.cpp failed: ${problem}`,
    hint: () => 'the log of the server has its last lines; free memory or choose a smaller model',
  }),
  VECTOR_NOT_FINITE: row<{ index: number }>({
    kind: 'host',
    status: 500,
    retry: false,
    param: () => 'input',
    message: ({ index }) => `the embedding of input ${String(index)} has values that are not finite`,
    hint: () => 'convert the model with --outtype bf16 or q8_0: f16 overflows on some texts',
  }),
  ADDRESSES_SHORT: row<NoParams>({
    kind: 'host',
    status: null,
    retry: false,
    message: () => "this process may not have the 10 GB of addresses that Node's HTTP client reserves",
    hint: () => 'lift the limit with ulimit -v unlimited, or set NODE_OPTIONS=--disable-wasm-trap-handler',
  }),
  WORKER_START_FAILED: row<{ problem: string }>({
    kind: 'host',
    status: null,
    retry: false,
    message: ({ problem }) => `no worker could start: ${problem}`,
    hint: () => 'the lines above are its last words; try --log-level debug',
  }),
  WORKERS_GIVEN_UP: row<{ problem: string }>({
    kind: 'host',
    status: 503,
    retry: false,
    message: ({ problem }) => `every worker was given up: ${problem}`,
    hint: () => 'start the server anew; its log has the last words of the workers',
  }),
  WORKER_DIED: row<{ deaths: number }>({
    kind: 'host',
    status: 500,
    retry: false,
    message: ({ deaths }) => `the worker died ${String(deaths)} times on this request`,
    hint: () => 'do not send it again unchanged; report it with the text that causes it',
  }),
  WIRE_MALFORMED: row<{ problem: string }>({
    kind: 'bug',
    status: 500,
    retry: false,
    openaiCode: 'internal_error',
    message: ({ problem }) => `a message between the server and a worker is malformed: ${problem}`,
    hint: () => 'server and worker must be of one version: reinstall qwen-embed, then report it',
  }),
  STARTING: row<NoParams>({
    kind: 'busy',
    status: 503,
    retry: true,
    message: () => 'the model is still loading',
    hint: () => 'try again in a few seconds, or wait with: qwen-embed health --wait',
  }),
  OVERLOADED: row<{ what: string; count: number; limit: number }>({
    kind: 'busy',
    status: 429,
    retry: true,
    message: ({ what, count, limit }) =>
      `the server is full: ${String(Math.ceil(count))} ${what}, the limit is ${String(limit)}`,
    hint: () => 'send it again after the seconds in retry-after, or fewer requests at once',
  }),
  DISPLACED: row<NoParams>({
    kind: 'busy',
    status: 429,
    retry: true,
    message: () => 'the server is full, and a request of a higher priority took the place of this one',
    hint: () => 'send it again after the seconds in retry-after, or with a higher priority',
  }),
  DEADLINE: row<{ seconds: number }>({
    kind: 'busy',
    status: 504,
    retry: true,
    message: ({ seconds }) => `the request had no answer within ${String(seconds)} s`,
    hint: () => 'send less text per request, or fewer requests at once; --request-deadline sets the time',
  }),
  STOPPING: row<NoParams>({
    kind: 'busy',
    status: 503,
    retry: true,
    message: () => 'the server is shutting down',
    hint: () => 'send the request to another server',
  }),
  CANCELLED: row<NoParams>({
    kind: 'usage',
    status: 499,
    retry: false,
    message: () => 'the request was cancelled by its sender',
    hint: () => 'nothing to do',
  }),
  ABORTED: row<{ id: string }>({
    kind: 'usage',
    status: 499,
    retry: false,
    message: ({ id }) => `the request ${JSON.stringify(id)} was aborted through /abort_request`,
    hint: () => 'nothing to do, or send it again',
  }),
  BUG: row<{ problem: string }>({
    kind: 'bug',
    status: 500,
    retry: false,
    openaiCode: 'internal_error',
    message: ({ problem }) => `internal error: ${problem}`,
    hint: () => 'please report it with the command and the log',
  }),
} as const;

export type FaultCode = keyof typeof FAULTS;
export type FaultParams<Code extends FaultCode> = Parameters<(typeof FAULTS)[Code]['message']>[0];

// Names in foreign files may be megabytes long.
const END_CHARACTERS = 1000;

/** Both ends of it: what is wrong stands at the one or the other. */
const shorten = (sentence: string): string =>
  sentence.length > 2 * END_CHARACTERS
    ? `${sentence.slice(0, END_CHARACTERS)} ... ${sentence.slice(-END_CHARACTERS)}`
    : sentence;

/** What crosses a process boundary: `Error` subclasses do not survive structured clone or JSON. */
export interface WireFault {
  code: FaultCode;
  params: Record<string, unknown>;
  stack?: string;
}

/** An expected failure with a row in FAULTS. `hint` is one action for the reader; `cause` the original error. */
export class Fault<Code extends FaultCode = FaultCode> extends Error {
  readonly code: Code;
  readonly params: FaultParams<Code>;

  constructor(code: Code, params: FaultParams<Code>, options?: { cause?: unknown }) {
    super(shorten(rowOf(code).message(params)), options);
    this.name = 'Fault';
    this.code = code;
    this.params = params;
  }

  get hint(): string {
    return rowOf(this.code).hint(this.params);
  }

  get kind(): FaultKind {
    return FAULTS[this.code].kind;
  }

  get exitCode(): number {
    return EXIT_CODES[this.kind];
  }

  get status(): number {
    return FAULTS[this.code].status ?? 500;
  }

  get retry(): boolean {
    return FAULTS[this.code].retry;
  }

  /** `error.code` of an OpenAI error body. */
  get wireCode(): string {
    return wireCodeOf(this.code);
  }

  /** `error.param` of an OpenAI error body. */
  get param(): string | null {
    return rowOf(this.code).param?.(this.params) ?? null;
  }

  toWire(): WireFault {
    const wire: WireFault = { code: this.code, params: this.params };
    if (this.stack !== undefined) wire.stack = this.stack;
    return wire;
  }
}

/** `error.code` of an OpenAI error body, which no parameter changes. */
export function wireCodeOf(code: FaultCode): string {
  return rowOf(code).openaiCode ?? code.toLowerCase();
}

// The table's rows differ in Params; a union of functions cannot be called, so the pairing is widened here once.
function rowOf<Code extends FaultCode>(code: Code): FaultRow<FaultParams<Code>> {
  return FAULTS[code] as unknown as FaultRow<FaultParams<Code>>;
}

/** A Fault from what another process sent; anything that is no known fault becomes BUG. */
export function faultFromWire(wire: unknown): Fault {
  if (typeof wire === 'object' && wire !== null && 'code' in wire && 'params' in wire) {
    const { code, params } = wire as WireFault;
    if (Object.hasOwn(FAULTS, code)) return new Fault(code, params as FaultParams<FaultCode>);
  }
  return new Fault('BUG', { problem: `unknown fault ${JSON.stringify(wire)}` });
}

// `instanceof` on a generic class narrows to Fault<any>; this keeps the type.
const isFault = (error: unknown): error is Fault => error instanceof Fault;

/** The Fault itself, or BUG around anything else that was thrown. */
export function faultFrom(error: unknown): Fault {
  if (isFault(error)) return error;
  const problem = error instanceof Error ? error.message : String(error);
  return new Fault('BUG', { problem }, { cause: error });
}
