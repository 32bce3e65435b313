// Owns what was last embedded, and the state of asking for it: one question at a time, of which the latest counts.

import { useRef, useState } from 'preact/hooks';
import { type Api, type Outcome, type Refusal, unreadable } from './api.ts';
import { type Question, readingsOf } from './request.ts';
import type { Vector } from './vectors.ts';

/** The vectors behind what is on screen. */
export interface Result {
  question: Question;
  rows: readonly Vector[];
  /** The same as the rows where these are read plainly. */
  columns: readonly Vector[];
  modelId: string;
  tokens: number;
  seconds: number;
}

export interface Embedding {
  result: Result | null;
  refusal: Refusal | null;
  isBusy: boolean;
  ask: (question: Question) => void;
}

export function useEmbedding(api: Api): Embedding {
  const [result, setResult] = useState<Result | null>(null);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [isBusy, setBusy] = useState(false);
  const latest = useRef(0);
  const ask = (question: Question): void => {
    const turn = ++latest.current;
    setBusy(true);
    embed(api, question)
      .catch((error: unknown) => unreadable(error))
      .then((outcome) => {
        if (turn !== latest.current) return;
        setBusy(false);
        setRefusal(outcome.refusal);
        if (outcome.value !== null) setResult(outcome.value);
      })
      .catch(reportError);
  };
  return { result, refusal, isBusy, ask };
}

async function embed(api: Api, question: Question): Promise<Outcome<Result>> {
  const { rows, columns } = readingsOf(question);
  const startMs = performance.now();
  const [asRows, asColumns] = await Promise.all([
    api.embed(question.texts, rows),
    columns === null ? null : api.embed(question.texts, columns),
  ]);
  if (asRows.value === null) return asRows;
  if (asColumns?.value === null) return asColumns;
  const value = {
    question,
    rows: asRows.value.vectors,
    columns: (asColumns ?? asRows).value.vectors,
    modelId: asRows.value.modelId,
    tokens: asRows.value.tokens + (asColumns?.value.tokens ?? 0),
    seconds: (performance.now() - startMs) / 1000,
  };
  return { value, refusal: null };
}
