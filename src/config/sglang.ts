// What SGLang's command line takes and nothing here obeys, so that every SGLang command parses: rows of class `accept`
// (harmless: one notice) and `reject` (would promise what is not done: the start stops). Gathered from sglang/, where a
// file is an area and a line is a flag.
import type { Accepted, OptionRow, Rejected } from './rows.ts';
import { KERNELS } from './sglang/kernels.ts';
import { MEMORY } from './sglang/memory.ts';
import { OTHERS } from './sglang/others.ts';
import type { Entry, Topic } from './sglang/entry.ts';

type SglangRow = Extract<OptionRow, { class: 'accept' | 'reject' }>;

const TOPICS: readonly Topic[] = [...MEMORY, ...KERNELS, ...OTHERS];

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
