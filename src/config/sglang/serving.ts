// SGLang's flags on HTTP, the API and streaming.
import { choice, flag, integer, json, text, type Topic } from './entry.ts';

const NO_GRPC = 'the server speaks HTTP only';
const NO_TEXT = 'embeddings generate no text';

const HTTP: Topic = {
  title: "SGLang's HTTP server",
  why: 'the server speaks HTTP/1.1',
  accept: {
    warmups: text('names of first requests', { why: 'the one first request embeds a text' }),
    'enable-http2': flag('HTTP/2 without TLS'),
    'http2-max-concurrent-streams': integer('requests per HTTP/2 connection'),
    'http2-initial-connection-window-size': integer('flow control of HTTP/2'),
    'grpc-response-timeout-secs': integer('seconds to wait for gRPC', { why: NO_GRPC }),
  },
  reject: {
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

const API: Topic = {
  title: "SGLang's API",
  why: NO_TEXT,
  accept: {
    'completion-template': text('template for code completion'),
    'file-storage-path': text('where uploads are kept', {
      aliases: ['file-storage-pth'],
      why: 'nothing is uploaded',
    }),
    'enable-cache-report': flag('cached tokens in the usage', {
      why: 'usage counts every token; those that were cached are in /metrics',
    }),
    'reasoning-parser': text('parser of reasoning'),
    'strip-thinking-cache': flag('keep no reasoning in the cache'),
    'enable-strict-thinking': flag('limits while reasoning'),
    'tool-call-parser': text('parser of tool calls'),
    'sampling-defaults': choice('openai model', 'where sampling gets its defaults'),
    'asr-max-buffer-seconds': integer('longest sound', { min: 1 }),
    'asr-max-concurrent-sessions': integer('most listeners', { min: 1 }),
    'enable-response-store': flag('keep responses'),
    'trust-request-chat-template': flag('requests may bring a template', {
      why: 'chat templates come with the model or by --chat-template',
    }),
    'return-input-ids': flag('token ids of the prompt in answers', {
      why: '/tokenize answers the ids of a text',
    }),
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

export const SERVING_TOPICS: readonly Topic[] = [HTTP, API, STREAMING];
