// How much of each vector is used, and how much of the rankings that keeps (Matryoshka).

import { useMemo } from 'preact/hooks';
import { formatShare } from './format.ts';
import { type Agreement, agree, compare, type Matrix, stepsUpTo } from './vectors.ts';
import type { Compared, View } from './view.ts';

interface DimensionSliderProps {
  result: Compared;
  /** The similarities at full length. */
  whole: Matrix;
  view: View;
  onDimensions: (dimensions: number) => void;
}

export function DimensionSlider({ result, whole, view, onDimensions }: DimensionSliderProps) {
  const { dimensions, full } = view;
  const kept = useMemo(() => keptAtSteps(result, whole), [result, whole]);
  return (
    <section class="card" aria-labelledby="dimensions-title">
      <h2 id="dimensions-title">
        <label for="dimensions">Dimensions</label>
        <output for="dimensions">
          {dimensions} <span class="quiet">of {full}</span>
        </output>
      </h2>
      <input
        id="dimensions"
        type="range"
        min={Math.min(32, full)}
        max={full}
        value={dimensions}
        aria-valuetext={`${String(dimensions)} of ${String(full)}`}
        onInput={({ currentTarget }) => {
          onDimensions(Number(currentTarget.value));
        }}
      />
      <div class="steps" role="group" aria-label="Common lengths, and the share of rankings that each keeps">
        {kept.map(([step, { order }]) => (
          <button
            key={step}
            type="button"
            aria-pressed={step === dimensions}
            onClick={() => {
              onDimensions(step);
            }}
          >
            {step} <span class="quiet">{formatShare(order)}</span>
          </button>
        ))}
      </div>
      <Changes view={view} />
    </section>
  );
}

function keptAtSteps({ rows, columns }: Compared, whole: Matrix): [step: number, kept: Agreement][] {
  const steps = stepsUpTo(rows[0]?.length ?? 0);
  return steps.map((step) => [step, agree(compare(rows, columns, step), whole)]);
}

/** What cutting and reading change, in sentences. */
function Changes({ view }: { view: View }) {
  const { similarities, atFullLength, withoutReading, dimensions, full } = view;
  const count = similarities.length;
  return (
    <div class="changes" role="status">
      <p>
        {atFullLength === null
          ? `All ${String(full)} numbers are used. Shorter vectors cost less memory and search time.`
          : `${String(dimensions)} of ${String(full)} numbers: ${describe(agree(similarities, atFullLength), count)}.`}
      </p>
      {withoutReading === null ? null : (
        <p>
          Rows as queries, against rows as documents: {describe(agree(similarities, withoutReading), count)}.
        </p>
      )}
    </div>
  );
}

function describe({ order, sameNearest }: Agreement, count: number): string {
  return `${formatShare(order)} of all pairs keep their order, ${String(sameNearest)} of ${String(count)} texts their nearest`;
}
