// The other texts by their similarity to the chosen one, and how far cutting and reading moved each.

import { formatCosine } from './format.ts';
import { rankOthers } from './vectors.ts';
import type { View } from './view.ts';

interface NeighboursProps {
  texts: readonly string[];
  view: View;
  selected: number;
}

export function Neighbours({ texts, view, selected }: NeighboursProps) {
  const row = view.similarities[selected] ?? [];
  const ranked = rankOthers(row, selected);
  const rivals = rivalsOf(view, selected);
  return (
    <section class="card" aria-labelledby="neighbours-title">
      <h2 id="neighbours-title">Nearest to {selected + 1}</h2>
      <div class="scroll">
        <table class="neighbours">
          <caption class="quiet">“{texts[selected]}”</caption>
          <thead>
            <tr>
              <th scope="col">Text</th>
              <th scope="col">Cosine</th>
              {rivals.map(({ name }) => (
                <th key={name} scope="col">
                  <span class="hidden">Moved against its place </span>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {ranked.map((index, place) => (
              <tr key={index}>
                <th scope="row" title={texts[index] ?? ''}>
                  <span class="number">{index + 1}</span> <span class="text">{texts[index]}</span>
                </th>
                <td>{formatCosine(row[index] ?? 0, 3)}</td>
                {rivals.map((rival) => (
                  <td key={rival.name}>
                    <Move places={rival.ranked.indexOf(index) - place} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Rankings to hold the shown one against, by what sets them apart. */
function rivalsOf(
  { atFullLength, withoutReading, full }: View,
  selected: number,
): { name: string; ranked: number[] }[] {
  const rivals = [
    { name: `at ${String(full)}`, row: atFullLength?.[selected] },
    { name: 'as document', row: withoutReading?.[selected] },
  ];
  return rivals.flatMap(({ name, row }) =>
    row === undefined ? [] : [{ name, ranked: rankOthers(row, selected) }],
  );
}

/** Positive = nearer than before. */
function Move({ places }: { places: number }) {
  if (places === 0) return <span class="quiet">same</span>;
  const isUp = places > 0;
  return (
    <span class={isUp ? 'up' : 'down'}>
      <span aria-hidden="true">{isUp ? '▲' : '▼'}</span>
      <span class="hidden">{isUp ? 'up' : 'down'}</span> {Math.abs(places)}
    </span>
  );
}
