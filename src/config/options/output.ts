// What is shown and measured.
import type { OwnRow } from '../rows.ts';

export const OUTPUT = {
  json: {
    flag: 'json',
    kind: 'switch',
    default: false,
    on: ['convert', 'health', 'bench', 'embed'],
    doc: 'print the result as one JSON object',
  },
  enableMetrics: {
    flag: 'enable-metrics',
    kind: 'switch',
    default: false,
    on: ['launch'],
    doc: 'serve GET /metrics in the format of Prometheus',
  },
  logLevel: {
    flag: 'log-level',
    kind: 'choice',
    choices: ['debug', 'info', 'warn', 'error'],
    synonyms: { trace: 'debug', warning: 'warn', critical: 'error', fatal: 'error' },
    default: 'info',
    on: ['launch'],
    doc: 'least important lines to show on stderr',
  },
} as const satisfies Record<string, OwnRow>;
