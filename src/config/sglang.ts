// What SGLang's command line takes and nothing here obeys, so that every SGLang command parses: rows of class `accept`
// (harmless: one notice) and `reject` (would promise what is not done: the start stops). Gathered from sglang/, where a
// file is an area and a line is a flag.
import type { Accepted, OptionRow, Rejected } from './rows.ts';
import { CACHE_TOPICS } from './sglang/caches.ts';
import { DEBUGGING_TOPICS } from './sglang/debugging.ts';
import { DISAGGREGATION_TOPICS } from './sglang/disaggregation.ts';
import { EXPERT_TOPICS } from './sglang/experts.ts';
import { INPUT_TOPICS } from './sglang/inputs.ts';
import { KERNEL_TOPICS } from './sglang/kernels.ts';
import { MEMORY_TOPICS } from './sglang/memory.ts';
import { MODEL_TOPICS } from './sglang/model.ts';
import { OLDER_TOPICS } from './sglang/older.ts';
import { OBSERVABILITY_TOPICS } from './sglang/observability.ts';
import { OTHER_TOPICS } from './sglang/others.ts';
import { PARALLEL_TOPICS } from './sglang/parallel.ts';
import { SERVING_TOPICS } from './sglang/serving.ts';
import { SPECULATION_TOPICS } from './sglang/speculation.ts';
import type { Entry, Topic } from './sglang/entry.ts';

type SglangRow = Extract<OptionRow, { class: 'accept' | 'reject' }>;

const TOPICS: readonly Topic[] = [
  ...MODEL_TOPICS,
  ...MEMORY_TOPICS,
  ...PARALLEL_TOPICS,
  ...SERVING_TOPICS,
  ...OBSERVABILITY_TOPICS,
  ...KERNEL_TOPICS,
  ...SPECULATION_TOPICS,
  ...EXPERT_TOPICS,
  ...CACHE_TOPICS,
  ...INPUT_TOPICS,
  ...DISAGGREGATION_TOPICS,
  ...DEBUGGING_TOPICS,
  ...OLDER_TOPICS,
  ...OTHER_TOPICS,
];

export const SGLANG_TOPICS: readonly { title: string; rows: SglangRow[] }[] = TOPICS.map((topic) => ({
  title: topic.title,
  rows: [
    ...Object.entries(topic.accept ?? {}).map(([flag, entry]) =>
      buildRow(flag, entry, { class: 'accept', why: entry.why ?? topic.why, ...isAlways(entry) }),
    ),
    ...Object.entries(topic.reject ?? {}).map(([flag, entry]) =>
      buildRow(flag, entry, {
        class: 'reject',
        why: entry.why ?? topic.why,
        instead: entry.instead ?? null,
        unless: entry.unless ?? [],
      }),
    ),
  ],
}));

function isAlways({ isAlways }: Entry): { isAlways?: true } {
  return isAlways === true ? { isAlways } : {};
}

function buildRow(
  flag: string,
  { shape, doc, aliases, secret }: Entry,
  verdict: Accepted | Rejected,
): SglangRow {
  return {
    ...shape,
    flag,
    ...(aliases === undefined ? {} : { aliases }),
    ...(secret === undefined ? {} : { secret }),
    on: ['launch'],
    doc,
    rare: true,
    ...verdict,
  };
}
