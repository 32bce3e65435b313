// The texts as points in the plane of their two strongest axes, the chosen one with lines to its nearest.
// A picture for the eye: what it says is in the tables too, where keys and screen readers find it.

import type { Choice } from './heat-map.tsx';
import { fitToBox, type Place, placeLabels, RADIUS } from './map-layout.ts';
import { rankOthers } from './vectors.ts';
import type { View } from './view.ts';

const BOX = { width: 400, height: 300, margin: 24 };
const LINES = 3;

type TextMapProps = Choice & { texts: readonly string[]; view: View };

export function TextMap({ texts, view, selected, onSelect }: TextMapProps) {
  const { plane, similarities } = view;
  const nearest = rankOthers(similarities[selected] ?? [], selected).slice(0, LINES);
  const picture = { texts, selected, nearest, places: fitToBox(plane.points, BOX) };
  const numbers = nearest.map((index) => String(index + 1)).join(', ');
  const [x, y] = plane.shares.map((share) => `${(share * 100).toFixed(0)} %`);
  return (
    <section class="card" aria-labelledby="map-title">
      <h2 id="map-title">Map</h2>
      <svg
        class="map"
        viewBox={`0 0 ${String(BOX.width)} ${String(BOX.height)}`}
        role="img"
        aria-label={`Texts as points; ${String(selected + 1)} is nearest to ${numbers}`}
      >
        <Lines {...picture} />
        <Points {...picture} onSelect={onSelect} />
        <Labels {...picture} />
      </svg>
      <p class="quiet">
        Principal components: across {x}, up {y} of the variance. Lines go to the {nearest.length} nearest.
      </p>
    </section>
  );
}

interface Picture {
  texts: readonly string[];
  selected: number;
  /** The nearest first. */
  nearest: readonly number[];
  places: readonly Place[];
}

function Lines({ selected, nearest, places }: Picture) {
  const from = places[selected];
  return nearest.map((index, rank) => {
    const to = places[index];
    return (
      <line key={index} class={`line-${String(rank)}`} x1={from?.x} y1={from?.y} x2={to?.x} y2={to?.y} />
    );
  });
}

function Points({ texts, selected, nearest, places, onSelect }: Picture & Pick<Choice, 'onSelect'>) {
  // What is drawn last lies on top.
  const order = [...places.keys()].sort((a, b) => Number(a === selected) - Number(b === selected));
  const classOf = (index: number): string =>
    index === selected ? 'point selected' : nearest.includes(index) ? 'point near' : 'point';
  return order.map((index) => (
    <g
      key={index}
      class={classOf(index)}
      transform={`translate(${String(places[index]?.x)} ${String(places[index]?.y)})`}
      onClick={() => {
        onSelect(index);
      }}
    >
      <title>{texts[index]}</title>
      <circle r={RADIUS} />
      <text dy="0.35em">{index + 1}</text>
    </g>
  ));
}

function Labels({ texts, selected, nearest, places }: Picture) {
  const labels = placeLabels(places, texts, { width: BOX.width, first: [selected, ...nearest] });
  return labels.map((label, index) =>
    label === null ? null : (
      <text key={index} class="label" x={label.x} y={label.y} dy="0.35em" text-anchor={label.anchor}>
        {label.text}
      </text>
    ),
  );
}
