// Where the server listens.
import type { OwnRow } from '../rows.ts';

export const NETWORK = {
  host: {
    flag: 'host',
    kind: 'text',
    value: 'ADDRESS',
    default: '127.0.0.1',
    on: ['launch'],
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
    doc: 'TCP port to listen on; 0 picks a free one',
  },
} as const satisfies Record<string, OwnRow>;
