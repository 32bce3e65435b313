// How results are shown.
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
} as const satisfies Record<string, OwnRow>;
