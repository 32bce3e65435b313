// SGLang's memory and scheduling flags.
import { human, number, type Topic } from './entry.ts';

export const MEMORY: readonly Topic[] = [
  {
    title: "SGLang's memory and scheduling",
    why: 'the plan sizes memory and batches',
    accept: {
      'schedule-conservativeness': number('caution when admitting requests', { min: 0 }),
      'context-length': human('most tokens of a sequence', {
        why: "the model's own context length rules",
      }),
    },
  },
];
