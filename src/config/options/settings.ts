// Where settings come from besides the command line and the environment.
import type { OwnRow } from '../rows.ts';

export const SETTINGS = {
  config: {
    flag: 'config',
    kind: 'text',
    value: 'FILE',
    default: null,
    on: ['launch'],
    doc: 'YAML file of options, such as port: 8080; the command line wins',
  },
} as const satisfies Record<string, OwnRow>;
