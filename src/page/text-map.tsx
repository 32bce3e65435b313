// The texts as points in the plane of their two strongest axes, the chosen one with lines to its nearest.
// A picture for the eye: what it says is in the tables too, where keys and screen readers find it.

import type { Choice } from './heat-map.tsx';
import { fitToBox, placeLabels } from './map-layout.ts';
import { rankOthers } from './vectors.ts';
import type { View } from './view.ts';

const BOX = { width: 440, height: 320, margin: 26 };
const RADIUS = 11;
const LINES = 3;

type TextMapProps = Choice & { texts: readonly string[]; view: View };

export function TextMap({ texts, view, selected, onSelect }: TextMapProps) {
  const { plane, similarities } = view;
  const places = fitToBox(plane.points, BOX);
  const nearest = rankOthers(similarities[selected] ?? [], selected).slice(0, LINES);
  const labels = placeLabels(places, texts, { width: BOX.width, first: [selected, ...nearest] });
  const from = places[selected] ?? { x: 0, y: 0 };
  const [x, y] = plane.shares.map((share) => `${(share * 100).toFixed(0)} %`);
  return (
    <section class="card" aria-labelledby="map-title">
      <h2 id="map-title">Map</h2>
      <svg
        class="map"
        viewBox={`0 0 ${String(BOX.width)} ${String(BOX.height)}`}
        role="img"
        aria-label={`Texts as points; ${String(selected + 1)} is nearest to ${nearest.map((index) => String(index + 1)).join(', ')}`}
      >
        {nearest.map((index, place) => {
          const to = places[index] ?? from;
          return (
            <line
              key={`line ${String(index)}`}
              class={`line-${String(place)}`}
              x1={from.x}
              y1={from.y}
              x2={to.x}
              y2={to.y}
            />
          );
        })}
        {places.map((place, index) => (
          <g
            key={`point ${String(index)}`}
            class={index === selected ? 'point selected' : nearest.includes(index) ? 'point near' : 'point'}
            transform={`translate(${place.x.toFixed(1)} ${place.y.toFixed(1)})`}
            onClick={() => {
              onSelect(index);
            }}
          >
            <title>{texts[index]}</title>
            <circle r={RADIUS} />
            <text dy="0.35em">{index + 1}</text>
          </g>
        ))}
        {labels.map((label, index) =>
          label === null ? null : (
            <text
              key={`label ${String(index)}`}
              class="label"
              x={label.x}
              y={label.y}
              dy="0.35em"
              text-anchor={label.anchor}
            >
              {label.text}
            </text>
          ),
        )}
      </svg>
      <p class="quiet">
        Principal components: across {x}, up {y} of the variance. Lines go to the{' '}
        {Math.min(LINES, nearest.length)} nearest.
      </p>
    </section>
  );
}
