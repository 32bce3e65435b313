// How results are shown.
import type { OwnRow } from '../rows.ts';

export const OUTPUT = {
  dryRun: {
    flag: 'dry-run',
    kind: 'switch',
    default: false,
    on: ['launch', 'download', 'remove'],
    doc: 'show the plan (devices and memory; files and sizes) and do nothing',
  },
  json: {
    flag: 'json',
    kind: 'switch',
    default: false,
    on: ['launch', 'download', 'list', 'remove', 'convert', 'health', 'bench', 'embed'],
    doc: 'print the result as JSON; launch: the plan of --dry-run, download: events',
  },
} as const satisfies Record<string, OwnRow>;
