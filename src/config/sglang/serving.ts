// SGLang's flags on HTTP, TLS, keys, the API and streaming.
import { choice, flag, integer, json, text, type Topic } from './entry.ts';

const NO_GRPC = 'the server speaks HTTP only';
const NO_TEXT = 'embeddings generate no text';
const PROXY = 'put a proxy with TLS in front';
const OPEN = 'a server that answers everybody must not look locked';

const HTTP: Topic = {
  title: "SGLang's HTTP server",
  why: 'the server speaks HTTP/1.1',
  accept: {
    'skip-server-warmup': flag('ready without a first request', {
      why: 'the first vector is computed before the server is ready',
    }),
    warmups: text('names of first requests', { why: 'one vector is computed before the server is ready' }),
    'enable-http2': flag('HTTP/2 without TLS'),
    'http2-max-concurrent-streams': integer('requests per HTTP/2 connection'),
    'http2-initial-connection-window-size': integer('flow control of HTTP/2'),
    'grpc-response-timeout-secs': integer('seconds to wait for gRPC', { why: NO_GRPC }),
  },
  reject: {
    'fastapi-root-path': text('path in front of every route', {
      bare: '',
      unless: [''],
      why: 'paths begin at the root',
      instead: 'let the proxy cut the path off',
    }),
    'smg-grpc-mode': flag('gRPC instead of HTTP', {
      why: NO_GRPC,
      instead: 'register the worker by its http:// URL',
    }),
    'grpc-mode': flag('older name of --smg-grpc-mode', {
      why: NO_GRPC,
      instead: 'register the worker by its http:// URL',
    }),
    'grpc-port': integer('port for gRPC', { min: 1, max: 65_535, why: NO_GRPC }),
    sidecar: text('Python beside the server', { why: 'no Python runs here' }),
    'sidecar-args': json('list', 'its arguments', { why: 'no Python runs here' }),
  },
};

const LOCKS: Topic = {
  title: "SGLang's TLS and keys",
  why: 'the server does not encrypt yet',
  reject: {
    'ssl-keyfile': text('private key', { instead: PROXY }),
    'ssl-certfile': text('certificate', { instead: PROXY }),
    'ssl-ca-certs': text('authorities of clients', { instead: PROXY }),
    'ssl-keyfile-password': text('password of the key', { secret: true, instead: PROXY }),
    'enable-ssl-refresh': flag('read a new certificate while running', { instead: PROXY }),
    'api-key': text('bearer token that requests must have', {
      secret: true,
      why: OPEN,
      instead: 'keep it on 127.0.0.1 behind a proxy that checks keys',
    }),
    'admin-api-key': text('bearer token for managing', {
      secret: true,
      why: OPEN,
      instead: 'keep it on 127.0.0.1 behind a proxy that checks keys',
    }),
  },
};

const API: Topic = {
  title: "SGLang's API",
  why: NO_TEXT,
  accept: {
    'weight-version': text('name of the state of the weights', { why: 'no answer tells it' }),
    'hf-chat-template-name': text('which of several chat templates'),
    'completion-template': text('template for code completion'),
    'file-storage-path': text('where uploads are kept', { why: 'nothing is uploaded' }),
    'enable-cache-report': flag('cached tokens in the usage', { why: 'every token of a request counts' }),
    'reasoning-parser': text('parser of reasoning'),
    'default-chat-template-kwargs': json('object', 'values for the chat template'),
    'strip-thinking-cache': flag('keep no reasoning in the cache'),
    'enable-strict-thinking': flag('limits while reasoning'),
    'tool-call-parser': text('parser of tool calls'),
    'sampling-defaults': choice('openai model', 'where sampling gets its defaults'),
    'asr-max-buffer-seconds': integer('longest sound', { min: 1 }),
    'asr-max-concurrent-sessions': integer('most listeners', { min: 1 }),
    'preferred-sampling-params': json('anything', 'sampling that the server suggests'),
    'enable-response-store': flag('keep responses'),
    'trust-request-chat-template': flag('requests may bring a template'),
    'return-input-ids': flag('token ids of the prompt in answers'),
    'return-output-ids': flag('token ids of the text in answers'),
    'padded-output-tokens': integer('completions of one length'),
  },
  reject: {
    'tool-server': text('servers of tools', { why: NO_TEXT }),
  },
};

const STREAMING: Topic = {
  title: "SGLang's streaming",
  why: 'an embedding comes whole',
  accept: {
    'stream-interval': integer('tokens per piece'),
    'batch-notify-size': integer('pieces per wake-up'),
    'stream-response-default-include-usage': flag('usage in every piece'),
    'incremental-streaming-output': flag('pieces without what came before'),
    'stream-output': flag('older name of --incremental-streaming-output'),
    'enable-streaming-session': flag('sessions'),
    'enable-session-radix-cache': flag('sessions keep their prefixes'),
  },
};

export const SERVING_TOPICS: readonly Topic[] = [HTTP, LOCKS, API, STREAMING];
