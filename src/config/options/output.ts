// What is shown and measured.
import type { OwnRow } from '../rows.ts';

export const OUTPUT = {
  dryRun: {
    flag: 'dry-run',
    kind: 'switch',
    default: false,
    on: ['launch'],
    doc: 'print the plan (devices, workers, lanes, memory) and start nothing',
  },
  json: {
    flag: 'json',
    kind: 'switch',
    default: false,
    on: ['launch', 'convert', 'health', 'bench', 'embed'],
    doc: 'print the result as one JSON object; launch: the plan of --dry-run',
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
