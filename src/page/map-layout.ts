// Where points and their labels go in the picture of the map. Pure.

export interface Place {
  x: number;
  y: number;
}

export interface Box {
  width: number;
  height: number;
  /** Kept free on every side. */
  margin: number;
}

export interface Label {
  text: string;
  x: number;
  y: number;
  anchor: 'start' | 'end';
}

/** Of a point. */
export const RADIUS = 11;
const LINE = 15;
const LETTER = 6.1;
const MOST_LETTERS = 24;

/** One scale for both axes, so that distances compare; upwards is up. */
export function fitToBox(points: readonly Place[], { width, height, margin }: Box): Place[] {
  const [left, spanX] = spanOf(points.map(({ x }) => x));
  const [bottom, spanY] = spanOf(points.map(({ y }) => y));
  const scale = Math.min((width - 2 * margin) / (spanX || 1), (height - 2 * margin) / (spanY || 1));
  return points.map(({ x, y }) => ({
    x: width / 2 + (x - left - spanX / 2) * scale,
    y: height / 2 - (y - bottom - spanY / 2) * scale,
  }));
}

function spanOf(values: readonly number[]): [least: number, span: number] {
  const least = Math.min(...values);
  return [least, Math.max(...values) - least];
}

/** Labels beside their points, those named first going first; null where one would cover a point or another label. */
export function placeLabels(
  places: readonly Place[],
  texts: readonly string[],
  { width, first }: { width: number; first: readonly number[] },
): (Label | null)[] {
  const taken: Rectangle[] = places.map(({ x, y }) => rectangle(x - RADIUS, y, 2 * RADIUS));
  const labels: (Label | null)[] = texts.map(() => null);
  for (const index of new Set([...first, ...texts.keys()])) {
    const place = places[index];
    if (place === undefined) continue;
    const text = shorten(texts[index] ?? '');
    const size = widthOf(text);
    const sides = [
      { anchor: 'start', x: place.x + RADIUS + 4, left: place.x + RADIUS + 4 },
      { anchor: 'end', x: place.x - RADIUS - 4, left: place.x - RADIUS - 4 - size },
    ] as const;
    const free = sides.find(({ left }) => {
      const wanted = rectangle(left, place.y, size);
      return left >= 0 && left + size <= width && !taken.some((other) => overlaps(wanted, other));
    });
    if (free === undefined) continue;
    taken.push(rectangle(free.left, place.y, size));
    labels[index] = { text, x: free.x, y: place.y, anchor: free.anchor };
  }
  return labels;
}

interface Rectangle {
  left: number;
  right: number;
  middle: number;
}

const rectangle = (left: number, middle: number, width: number): Rectangle => ({
  left,
  right: left + width,
  middle,
});

const overlaps = (a: Rectangle, b: Rectangle): boolean =>
  a.left < b.right && b.left < a.right && Math.abs(a.middle - b.middle) < LINE;

function shorten(text: string): string {
  const letters = Array.from(text);
  return letters.length <= MOST_LETTERS ? text : `${letters.slice(0, MOST_LETTERS - 1).join('')}…`;
}

// East Asian letters are about twice as wide as Latin ones.
function widthOf(text: string): number {
  return Array.from(text).reduce((sum, letter) => sum + (letter > '\u2e7f' ? 2 * LETTER : LETTER), 0);
}
