// SGLang's flags on logs, metrics and traces.
import { flag, integer, json, list, number, text, type Topic } from './entry.ts';

const LOGS: Topic = {
  title: "SGLang's logs, metrics and traces",
  why: '--log-level and --enable-metrics say what is shown',
  accept: {
    'crash-dump-folder': text('the last requests, after a crash', {
      why: 'only --log-requests writes requests down',
    }),
    'show-time-cost': flag('times of functions', {
      why: 'docs/metrics.md has the times of every stage, for --enable-metrics',
    }),
    'smg-http-sidecar-port': integer('port of metrics beside gRPC', { aliases: ['grpc-http-sidecar-port'] }),
    'enable-mfu-metrics': flag('share of the peak arithmetic'),
    'enable-metrics-for-all-schedulers': flag('metrics of every rank', {
      why: 'metrics are of all workers together',
      isAlways: true,
    }),
    'load-snapshot-publish-interval': integer('steps between reports of the load'),
    'bucket-inter-token-latency': list('number', 'buckets of the time between tokens', {
      why: 'embeddings generate no text',
    }),
    'bucket-decode-throughput': list('number', 'buckets of the speed of decoding', {
      why: 'embeddings generate no text',
    }),
    'generation-tokens-buckets': list('text', 'buckets of the tokens out', {
      why: 'embeddings generate no text',
    }),
    'collect-tokens-histogram': flag('histograms of tokens, in older releases', {
      why: 'they come with --enable-metrics',
      isAlways: true,
    }),
    'gc-warning-threshold-secs': number('seconds of cleaning up that are told', {
      why: 'there is no Python',
    }),
    'decode-log-interval': integer('steps between lines'),
    'enable-request-time-stats-logging': flag('times of every request', {
      why: '--log-requests tells the times of each request',
    }),
    'enable-forward-pass-metrics': flag('figures of every step'),
    'forward-pass-metrics-worker-id': text('name of the worker in them'),
    'forward-pass-metrics-ipc-name': text('socket for them'),
    'enable-trace': flag('traces for OpenTelemetry', { why: 'there are no traces' }),
    'trace-modules': text('what is traced', { why: 'there are no traces' }),
    'otlp-traces-endpoint': text('who collects traces', { why: 'there are no traces' }),
    'oltp-traces-endpoint': text('misspelt --otlp-traces-endpoint of older releases', {
      why: 'there are no traces',
    }),
    'export-metrics-to-file': flag('a record per request on disk', {
      why: '--log-requests with a folder as --log-requests-target writes a line per request',
    }),
    'export-metrics-to-file-dir': text('its folder', {
      why: '--log-requests with a folder as --log-requests-target writes a line per request',
    }),
  },
  reject: {
    'kv-events-config': json('anything', 'tell a router what is cached', {
      why: 'a router would wait for events that never come',
    }),
    'load-publish-endpoint': text('tell a router about the load', {
      unless: ['off'],
      why: 'a router would wait for reports that never come',
    }),
    'enable-expert-distribution-metrics': flag('metrics of experts, gone from SGLang too', {
      why: 'the models have no experts',
    }),
  },
};

export const OBSERVABILITY_TOPICS: readonly Topic[] = [LOGS];
