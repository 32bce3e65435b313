// Flags of other servers (vLLM, text-embeddings-inference) that people try here.
import { integer, type Topic } from './entry.ts';

export const OTHERS: readonly Topic[] = [
  {
    title: 'Flags of other servers',
    why: 'it belongs to another server',
    accept: {
      'max-num-seqs': integer("vLLM's most sequences at a time", {
        why: 'batches are cut by tokens, not by count',
      }),
    },
  },
];
