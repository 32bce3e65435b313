// THE table of command-line options: one row per option. Commander's options, environment names, help and the README's
// table derive from it; `Settings` is its type. Rows say what a value looks like, never what the machine does with it.

export type CommandName = 'launch' | 'convert' | 'health' | 'bench';

interface CommonRow {
  /** Long flag without dashes. */
  flag: string;
  /** Other spellings that SGLang's users have in their scripts. */
  aliases?: readonly string[];
  /** One letter. */
  short?: string;
  on: readonly CommandName[];
  group: 'model' | 'network' | 'devices' | 'requests' | 'conversion' | 'load' | 'output';
  /** At most 79 columns, no full stop. */
  doc: string;
  /** The option parses and does nothing here; the sentence is shown once when it is given. */
  notice?: string;
}

interface TextRow extends CommonRow {
  kind: 'text';
  /** What stands for the value in the help. */
  value: string;
  default: string | null;
}
interface NumberRow extends CommonRow {
  kind: 'integer' | 'number';
  min: number;
  max: number;
  default: number | null;
}
interface SwitchRow extends CommonRow {
  kind: 'switch';
  default: false;
}
interface ChoiceRow extends CommonRow {
  kind: 'choice';
  choices: readonly string[];
  default: string | null;
}
export type OptionRow = TextRow | NumberRow | SwitchRow | ChoiceRow;

const MANY = 1_000_000;

export const OPTIONS = {
  modelPath: {
    flag: 'model-path',
    aliases: ['model'],
    kind: 'text',
    value: 'PATH',
    default: null,
    on: ['launch'],
    group: 'model',
    doc: 'Hugging Face folder (config.json, tokenizer.json, *.safetensors) or .gguf file',
  },
  servedModelName: {
    flag: 'served-model-name',
    kind: 'text',
    value: 'NAME',
    default: null,
    on: ['launch'],
    group: 'model',
    doc: 'model id that the API shows; default: the value of --model-path',
  },
  chatTemplate: {
    flag: 'chat-template',
    kind: 'text',
    value: 'FILE',
    default: null,
    on: ['launch'],
    group: 'model',
    doc: 'tokenizer_config.json or .jinja file; checked at start, embeddings use none',
  },
  host: {
    flag: 'host',
    kind: 'text',
    value: 'ADDRESS',
    default: '127.0.0.1',
    on: ['launch'],
    group: 'network',
    doc: 'address to listen on; 0.0.0.0 for all of this machine',
  },
  port: {
    flag: 'port',
    short: 'p',
    kind: 'integer',
    min: 0,
    max: 65_535,
    default: 30_000,
    on: ['launch'],
    group: 'network',
    doc: 'TCP port to listen on; 0 picks a free one',
  },
  device: {
    flag: 'device',
    kind: 'choice',
    choices: ['auto', 'cpu', 'cuda', 'vulkan', 'metal'],
    default: 'auto',
    on: ['launch'],
    group: 'devices',
    doc: 'where to compute; auto takes a GPU that works, else the CPU',
  },
  tensorParallel: {
    flag: 'tp-size',
    aliases: ['tp', 'tensor-parallel-size'],
    kind: 'integer',
    min: 1,
    max: 64,
    default: 1,
    on: ['launch'],
    group: 'devices',
    doc: 'GPUs that share one copy of the model; no effect on the CPU',
  },
  dataParallel: {
    flag: 'dp-size',
    aliases: ['dp', 'data-parallel-size'],
    kind: 'integer',
    min: 1,
    max: 64,
    default: 1,
    on: ['launch'],
    group: 'devices',
    doc: 'worker processes, each with a copy of the model and its share of the devices',
  },
  memFractionStatic: {
    flag: 'mem-fraction-static',
    kind: 'number',
    min: 0.01,
    max: 1,
    default: 0.9,
    on: ['launch'],
    group: 'devices',
    doc: 'share of the memory that models and their buffers may take',
  },
  threads: {
    flag: 'threads',
    kind: 'integer',
    min: 1,
    max: 1024,
    default: null,
    on: ['launch'],
    group: 'devices',
    doc: 'CPU threads per worker; default: all cores divided by the workers',
  },
  lanes: {
    flag: 'lanes',
    kind: 'integer',
    min: 1,
    max: 16,
    default: null,
    on: ['launch'],
    group: 'devices',
    doc: 'batches that each worker computes at the same time; default: the plan decides',
  },
  batchTokens: {
    flag: 'max-prefill-tokens',
    aliases: ['batch-tokens'],
    kind: 'integer',
    min: 64,
    max: 65_536,
    default: null,
    on: ['launch'],
    group: 'devices',
    doc: 'most tokens in one batch; default: the plan decides',
  },
  compute: {
    flag: 'compute',
    kind: 'choice',
    choices: ['auto', 'llama', 'graph'],
    default: 'auto',
    on: ['launch'],
    group: 'devices',
    doc: "llama.cpp's computation of the model or our own graph on its kernels",
  },
  llamaFolder: {
    flag: 'llama-folder',
    kind: 'text',
    value: 'FOLDER',
    default: null,
    on: ['launch'],
    group: 'devices',
    doc: 'llama.cpp libraries built on this machine, instead of those of node-llama-cpp',
  },
  enableFlashinfer: {
    flag: 'enable-flashinfer',
    kind: 'switch',
    default: false,
    on: ['launch'],
    group: 'devices',
    doc: 'accepted for SGLang scripts: the plan decides on flash attention',
    notice: 'flash attention is on wherever it does not cost exactness, with or without the flag',
  },
  attentionBackend: {
    flag: 'attention-backend',
    kind: 'text',
    value: 'NAME',
    default: null,
    on: ['launch'],
    group: 'devices',
    doc: 'accepted for SGLang scripts: llama.cpp has one kind per device',
    notice: 'llama.cpp has one attention per device, whatever the name',
  },
  maxBatchedTokens: {
    flag: 'max-num-batched-tokens',
    kind: 'integer',
    min: 2,
    max: MANY,
    default: null,
    on: ['launch'],
    group: 'requests',
    doc: 'cut longer inputs to this many tokens, end token kept; default: refuse them',
  },
  embeddingCacheSize: {
    flag: 'embedding-cache-size',
    kind: 'integer',
    min: 0,
    max: 10 * MANY,
    default: 0,
    on: ['launch'],
    group: 'requests',
    doc: 'finished vectors that each worker keeps for equal texts; 0 = none',
  },
  contextLength: {
    flag: 'context-length',
    kind: 'integer',
    min: 1,
    max: MANY,
    default: null,
    on: ['launch'],
    group: 'requests',
    doc: "accepted for SGLang scripts: the model's own context rules",
    notice: "the model's own context length rules",
  },
  maxSequences: {
    flag: 'max-num-seqs',
    kind: 'integer',
    min: 1,
    max: MANY,
    default: null,
    on: ['launch'],
    group: 'requests',
    doc: 'accepted for other scripts: batches are cut by tokens',
    notice: 'batches are cut by tokens, not by count',
  },
  gracePeriodSeconds: {
    flag: 'grace-period',
    kind: 'number',
    min: 0,
    max: 3600,
    default: 30,
    on: ['launch'],
    group: 'requests',
    doc: 'seconds that requests in flight get to finish after SIGTERM',
  },
  outtype: {
    flag: 'outtype',
    kind: 'choice',
    choices: ['auto', 'f32', 'f16', 'bf16', 'q8_0'],
    default: 'auto',
    on: ['launch', 'convert'],
    group: 'conversion',
    doc: 'type of the converted weights; auto: launch picks, convert keeps f16 or bf16',
  },
  outfile: {
    flag: 'outfile',
    kind: 'text',
    value: 'FILE',
    default: null,
    on: ['convert'],
    group: 'conversion',
    doc: 'file to write; default: named after the model, inside its folder',
  },
  modelName: {
    flag: 'model-name',
    kind: 'text',
    value: 'NAME',
    default: null,
    on: ['convert'],
    group: 'conversion',
    doc: 'general.name in the file; default: from the model card or the folder',
  },
  cacheFolder: {
    flag: 'cache-folder',
    kind: 'text',
    value: 'FOLDER',
    default: null,
    on: ['launch'],
    group: 'conversion',
    doc: "where converted models are kept; default: the user's cache folder",
  },
  url: {
    flag: 'url',
    kind: 'text',
    value: 'URL',
    default: 'http://127.0.0.1:30000',
    on: ['health', 'bench'],
    group: 'network',
    doc: 'server to ask',
  },
  wait: {
    flag: 'wait',
    kind: 'switch',
    default: false,
    on: ['health'],
    group: 'network',
    doc: 'ask again until the server is healthy or the time is over',
  },
  timeoutSeconds: {
    flag: 'timeout',
    kind: 'number',
    min: 0.1,
    max: 86_400,
    default: 60,
    on: ['health'],
    group: 'network',
    doc: 'seconds until the answer is no',
  },
  compare: {
    flag: 'compare',
    kind: 'text',
    value: 'URL',
    default: null,
    on: ['bench'],
    group: 'network',
    doc: 'second server: both get the same load in turns, and the ratio is shown',
  },
  apiKey: {
    flag: 'api-key',
    kind: 'text',
    value: 'KEY',
    default: null,
    on: ['bench'],
    group: 'network',
    doc: 'bearer token to send; never printed',
  },
  modelId: {
    flag: 'model-id',
    aliases: ['model'],
    kind: 'text',
    value: 'NAME',
    default: null,
    on: ['bench'],
    group: 'network',
    doc: 'model that requests name; default: the first that the server lists',
  },
  requestTimeoutSeconds: {
    flag: 'request-timeout',
    kind: 'number',
    min: 0.1,
    max: 86_400,
    default: 600,
    on: ['bench'],
    group: 'network',
    doc: 'seconds until a request without an answer counts as failed',
  },
  preset: {
    flag: 'preset',
    kind: 'choice',
    choices: ['classic'],
    default: null,
    on: ['bench'],
    group: 'load',
    doc: '100,000 texts as single calls, in batches of 2,048, and 16 in flight',
  },
  clients: {
    flag: 'clients',
    short: 'c',
    kind: 'integer',
    min: 1,
    max: 4096,
    default: null,
    on: ['bench'],
    group: 'load',
    doc: 'closed loop: clients that send, wait and send again; default: 16',
  },
  rate: {
    flag: 'rate',
    kind: 'number',
    min: 0.01,
    max: 100_000,
    default: null,
    on: ['bench'],
    group: 'load',
    doc: 'open loop instead: requests per second at random times, on average',
  },
  batchSize: {
    flag: 'batch-size',
    short: 'b',
    kind: 'integer',
    min: 1,
    max: 100_000,
    default: null,
    on: ['bench'],
    group: 'load',
    doc: 'texts per request; default: 1',
  },
  texts: {
    flag: 'texts',
    short: 'n',
    kind: 'integer',
    min: 1,
    max: 10_000_000,
    default: null,
    on: ['bench'],
    group: 'load',
    doc: 'texts per round; default: as many as its time allows',
  },
  durationSeconds: {
    flag: 'duration',
    kind: 'number',
    min: 0.01,
    max: 86_400,
    default: null,
    on: ['bench'],
    group: 'load',
    doc: 'longest time of a round in seconds; default: 10, with --texts 3600',
  },
  repeat: {
    flag: 'repeat',
    kind: 'integer',
    min: 1,
    max: 1000,
    default: null,
    on: ['bench'],
    group: 'load',
    doc: 'rounds; default: 3, with --compare 5, with --preset 1',
  },
  warmUp: {
    flag: 'warm-up',
    kind: 'integer',
    min: 0,
    max: MANY,
    default: null,
    on: ['bench'],
    group: 'load',
    doc: 'requests before the clock starts; default: one per client',
  },
  textTokens: {
    flag: 'text-tokens',
    kind: 'text',
    value: 'LENGTH',
    default: '32',
    on: ['bench'],
    group: 'load',
    doc: 'tokens per text: 32, or lognormal:60:500 (median 60, 5 % above 500)',
  },
  inputFile: {
    flag: 'input-file',
    kind: 'text',
    value: 'FILE',
    default: null,
    on: ['bench'],
    group: 'load',
    doc: 'texts to send, one per line; with --send ids JSON arrays of token ids',
  },
  send: {
    flag: 'send',
    kind: 'choice',
    choices: ['texts', 'ids'],
    default: 'texts',
    on: ['bench'],
    group: 'load',
    doc: 'ids: token ids instead of texts, to leave tokenisers out of the figures',
  },
  instruct: {
    flag: 'instruct',
    kind: 'text',
    value: 'TASK',
    default: null,
    on: ['bench'],
    group: 'load',
    doc: 'instruction before each text, as queries to Qwen3-Embedding have it',
  },
  encodingFormat: {
    flag: 'encoding-format',
    kind: 'choice',
    choices: ['base64', 'float'],
    default: 'base64',
    on: ['bench'],
    group: 'load',
    doc: 'how vectors come back',
  },
  check: {
    flag: 'check',
    kind: 'switch',
    default: false,
    on: ['bench'],
    group: 'load',
    doc: 'parse every vector and count those not of unit length as errors',
  },
  retry: {
    flag: 'retry',
    kind: 'switch',
    default: false,
    on: ['bench'],
    group: 'load',
    doc: 'send refused requests (429, 503) again, as clients do; else they are errors',
  },
  seed: {
    flag: 'seed',
    kind: 'integer',
    min: 0,
    max: 4_294_967_295,
    default: 1,
    on: ['bench'],
    group: 'load',
    doc: 'the same seed gives the same texts and arrival times',
  },
  json: {
    flag: 'json',
    kind: 'switch',
    default: false,
    on: ['convert', 'health', 'bench'],
    group: 'output',
    doc: 'print the result as one JSON object',
  },
  enableMetrics: {
    flag: 'enable-metrics',
    kind: 'switch',
    default: false,
    on: ['launch'],
    group: 'output',
    doc: 'serve GET /metrics in the format of Prometheus',
  },
  logLevel: {
    flag: 'log-level',
    kind: 'choice',
    choices: ['debug', 'info', 'warn', 'error'],
    default: 'info',
    on: ['launch'],
    group: 'output',
    doc: 'least important lines to show on stderr',
  },
} as const satisfies Record<string, OptionRow>;

type Options = typeof OPTIONS;
export type OptionName = keyof Options;

type KindValue<Row extends OptionRow> = Row extends { kind: 'switch' }
  ? boolean
  : Row extends { kind: 'integer' | 'number' }
    ? number
    : Row extends { kind: 'choice'; choices: readonly (infer Choice)[] }
      ? Choice
      : string;

/** The value that a row yields: never null when the row has a default. */
type OptionValue<Row extends OptionRow> = Row extends { default: null }
  ? KindValue<Row> | null
  : KindValue<Row>;

/** All options of one command, parsed. */
export type Settings<Command extends CommandName> = {
  [Name in OptionName as Command extends Options[Name]['on'][number] ? Name : never]: OptionValue<
    Options[Name]
  >;
};
