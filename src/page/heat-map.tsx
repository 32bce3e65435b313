// Similarities as a table: numbers on colours that run from the least similar to the most similar pair of texts.
// A row is chosen by its radio button, so that the arrow keys walk through the rows.

import { formatCosine } from './format.ts';
import { rangeOf } from './vectors.ts';
import type { View } from './view.ts';

export interface Choice {
  selected: number;
  onSelect: (index: number) => void;
}

type HeatMapProps = Choice & { texts: readonly string[]; view: View };

export function HeatMap({ texts, view, selected, onSelect }: HeatMapProps) {
  const { similarities, rowKind } = view;
  const range = rangeOf(similarities);
  return (
    <section class="card" aria-labelledby="heat-title">
      <h2 id="heat-title">
        Similarity
        <Legend {...range} />
      </h2>
      <div class="scroll">
        <table class="heat">
          <caption class="quiet">
            {rowKind === 'plain'
              ? 'Cosine of each text with each other. Choose a row.'
              : 'Cosine of each row as a query with each column as a document. Choose a row.'}
          </caption>
          <thead>
            <tr>
              <th scope="col">{rowKind === 'plain' ? 'Text' : 'Query'}</th>
              {texts.map((text, index) => (
                <th key={index} scope="col" title={text}>
                  {index + 1}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {similarities.map((row, index) => (
              <tr key={index} class={index === selected ? 'selected' : ''}>
                <RowHead text={texts[index] ?? ''} index={index} selected={selected} onSelect={onSelect} />
                {row.map((value, column) => (
                  <Cell key={column} value={value} range={range} isSelf={column === index} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function RowHead({ text, index, selected, onSelect }: Choice & { text: string; index: number }) {
  return (
    <th scope="row">
      <label title={text}>
        <input
          type="radio"
          name="selected"
          checked={index === selected}
          onChange={() => {
            onSelect(index);
          }}
        />
        <span class="number">{index + 1}</span> <span class="text">{text}</span>
      </label>
    </th>
  );
}

interface Range {
  least: number;
  greatest: number;
}

function Cell({ value, range, isSelf }: { value: number; range: Range; isSelf: boolean }) {
  const { least, greatest } = range;
  const heat = Math.min(1, Math.max(0, (value - least) / Math.max(1e-6, greatest - least)));
  return (
    <td class={isSelf ? 'self' : ''} style={{ '--heat': `${(heat * 100).toFixed(1)}%` }}>
      {formatCosine(value, 2)}
    </td>
  );
}

function Legend({ least, greatest }: Range) {
  return (
    <span class="legend quiet">
      {formatCosine(least, 2)} <span class="ramp" /> {formatCosine(greatest, 2)}
    </span>
  );
}
