// How `health` and `bench` reach a server.
import type { OwnRow } from '../rows.ts';

export const CLIENT = {
  url: {
    flag: 'url',
    kind: 'text',
    value: 'URL',
    default: 'http://127.0.0.1:30000',
    on: ['health', 'bench', 'embed'],
    doc: 'server to ask',
  },
  wait: {
    flag: 'wait',
    kind: 'switch',
    default: false,
    on: ['health'],
    doc: 'ask again until the server is healthy or the time is over',
  },
  timeoutSeconds: {
    flag: 'timeout',
    kind: 'number',
    min: 0.1,
    max: 86_400,
    default: 60,
    on: ['health'],
    doc: 'seconds until the answer is no',
  },
  compare: {
    flag: 'compare',
    kind: 'text',
    value: 'URL',
    default: null,
    on: ['bench'],
    doc: 'second server: both get the same load in turns, and the ratio is shown',
  },
  modelId: {
    flag: 'model-id',
    aliases: ['model'],
    kind: 'text',
    value: 'NAME',
    default: null,
    on: ['bench'],
    doc: 'model that requests name; default: the first that the server lists',
  },
  requestTimeoutSeconds: {
    flag: 'request-timeout',
    kind: 'number',
    min: 0.1,
    max: 86_400,
    default: 600,
    on: ['bench', 'embed'],
    doc: 'seconds until a request without an answer counts as failed',
  },
} as const satisfies Record<string, OwnRow>;
