// The page: what is asked on the left, what follows from the answer on the right. Owns what the user has chosen.

import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Api } from './api.ts';
import { AskForm, type Draft, questionOf } from './ask-form.tsx';
import { CodePanel } from './code-panel.tsx';
import { DimensionSlider } from './dimension-slider.tsx';
import { HeatMap } from './heat-map.tsx';
import icon from './icon.svg';
import { KeyForm } from './key-form.tsx';
import { LoadBar } from './load-bar.tsx';
import { Neighbours } from './neighbours.tsx';
import { RefusalNote } from './refusal-note.tsx';
import { problemOf } from './request.ts';
import { SAMPLE_DRAFT } from './sample.ts';
import { TextMap } from './text-map.tsx';
import { type Result, useEmbedding } from './use-embedding.ts';
import { type LiveLoad, useLoad } from './use-load.ts';
import { compareAt, compareWhole } from './view.ts';

export function App({ api }: { api: Api }) {
  const [draft, setDraft] = useState<Draft>(SAMPLE_DRAFT);
  const [keysGiven, setKeysGiven] = useState(0);
  const { result, refusal, isBusy, ask } = useEmbedding(api);
  const live = useLoad(api, keysGiven);
  const submit = (next: Draft): void => {
    setDraft(next);
    const question = questionOf(next);
    if (problemOf(question) === null) ask(question);
  };
  useEffect(() => {
    submit(draft);
  }, [keysGiven]);
  const isReady = live?.status === 'ready';
  useEffect(() => {
    if (isReady && refusal?.status === 503) submit(draft);
  }, [isReady]);
  const giveKey = (key: string): void => {
    api.useKey(key);
    setKeysGiven((count) => count + 1);
  };
  return (
    <>
      <Head modelId={result?.modelId ?? ''} live={live} />
      <main class="columns">
        <div class="side">
          <AskForm draft={draft} isBusy={isBusy} onDraft={setDraft} onSubmit={submit} />
          {refusal === null ? null : <RefusalNote refusal={refusal} />}
          {refusal?.status === 401 ? <KeyForm onKey={giveKey} /> : null}
          <p class="quiet" role="status">
            {result === null || refusal !== null ? '' : describe(result)}
          </p>
        </div>
        {result === null ? null : <Answers api={api} result={result} />}
      </main>
    </>
  );
}

function Head({ modelId, live }: { modelId: string; live: LiveLoad | null }) {
  return (
    <header class="top">
      <h1>
        <img src={icon} alt="" width="28" height="28" />
        qwen-embed <span class="model">{modelId}</span>
      </h1>
      <LoadBar live={live} />
      <nav>
        <a href="./docs">API</a>
      </nav>
    </header>
  );
}

function describe({ question, tokens, seconds }: Result): string {
  const texts = String(question.texts.length);
  return `${texts} texts, ${String(tokens)} tokens, answered in ${(seconds * 1000).toFixed(0)} ms`;
}

function Answers({ api, result }: { api: Api; result: Result }) {
  const full = result.rows[0]?.length ?? 0;
  const { texts } = result.question;
  const [wanted, setWanted] = useState<number | null>(null);
  const [chosen, setChosen] = useState(0);
  const selected = Math.min(chosen, texts.length - 1);
  const dimensions = Math.min(wanted ?? full, full);
  const whole = useMemo(() => compareWhole(result), [result]);
  const view = useMemo(() => compareAt(result, whole, dimensions), [result, whole, dimensions]);
  const choice = { selected, onSelect: setChosen };
  const shown = {
    question: result.question,
    dimensions: dimensions === full ? null : dimensions,
    modelId: result.modelId,
    baseUrl: api.baseUrl,
    needsKey: api.hasKey,
  };
  return (
    <div class="answers">
      <DimensionSlider result={result} whole={whole} view={view} onDimensions={setWanted} />
      <HeatMap texts={texts} view={view} {...choice} />
      <div class="pair">
        <Neighbours texts={texts} view={view} selected={selected} />
        <TextMap texts={texts} view={view} {...choice} />
      </div>
      <CodePanel shown={shown} />
    </div>
  );
}
