// Qwen3's forward pass in float64, from its published description: for models so small that speed is no matter.

interface Shape {
  hidden: number;
  layers: number;
  heads: number;
  kvHeads: number;
  headSize: number;
  ffn: number;
  ropeTheta: number;
  epsilon: number;
}

type Vector = number[];
type Weights = (name: string) => ArrayLike<number>;

/** The normalised output at the last token. */
export function embedTokens(tokens: readonly number[], shape: Shape, weights: Weights): Vector {
  const { hidden, layers } = shape;
  const table = weights('token_embd.weight');
  let rows = tokens.map((id) => Array.from({ length: hidden }, (_, i) => table[id * hidden + i] ?? NaN));
  for (let layer = 0; layer < layers; layer++) {
    const part: Weights = (name) => weights(`blk.${String(layer)}.${name}.weight`);
    const normed = rows.map((row) => rmsNorm(row, part('attn_norm'), shape.epsilon));
    const attended = attend(normed, shape, part);
    rows = rows.map((row, i) => add(row, multiply(attended[i] ?? [], part('attn_output'))));
    rows = rows.map((row) => add(row, feedForward(rmsNorm(row, part('ffn_norm'), shape.epsilon), part)));
  }
  const last = rmsNorm(rows.at(-1) ?? [], weights('output_norm.weight'), shape.epsilon);
  const length = Math.hypot(...last);
  return last.map((x) => x / length);
}

function attend(rows: Vector[], shape: Shape, part: Weights): Vector[] {
  const { heads, kvHeads, headSize } = shape;
  const project = (name: string, norm: string | null, count: number): Vector[][] =>
    rows.map((row, position) => {
      const all = multiply(row, part(name));
      return Array.from({ length: count }, (_, head) => {
        const slice = all.slice(head * headSize, (head + 1) * headSize);
        if (norm === null) return slice;
        return rotate(rmsNorm(slice, part(norm), shape.epsilon), position, shape.ropeTheta);
      });
    });
  const queries = project('attn_q', 'attn_q_norm', heads);
  const keys = project('attn_k', 'attn_k_norm', kvHeads);
  const values = project('attn_v', null, kvHeads);
  return queries.map((query, position) =>
    query.flatMap((q, head) => {
      const kv = Math.floor(head / (heads / kvHeads));
      const seen = keys.slice(0, position + 1);
      const scores = softmax(seen.map((key) => dot(q, key[kv] ?? []) / Math.sqrt(headSize)));
      return Array.from({ length: headSize }, (_, i) =>
        scores.reduce((sum, score, at) => sum + score * (values[at]?.[kv]?.[i] ?? NaN), 0),
      );
    }),
  );
}

function feedForward(row: Vector, part: Weights): Vector {
  const up = multiply(row, part('ffn_up'));
  const gated = multiply(row, part('ffn_gate')).map((x, i) => (x / (1 + Math.exp(-x))) * (up[i] ?? NaN));
  return multiply(gated, part('ffn_down'));
}

/** The halves of a head turn against each other. */
function rotate(head: Vector, position: number, theta: number): Vector {
  const half = head.length / 2;
  return head.map((x, i) => {
    const angle = position * theta ** (-(i % half) / half);
    const other = i < half ? -(head[i + half] ?? NaN) : (head[i - half] ?? NaN);
    return x * Math.cos(angle) + other * Math.sin(angle);
  });
}

/** Row by row: as many results as the matrix has rows of the vector's length. */
function multiply(vector: Vector, matrix: ArrayLike<number>): Vector {
  const columns = vector.length;
  return Array.from({ length: matrix.length / columns }, (_, row) =>
    vector.reduce((sum, x, i) => sum + x * (matrix[row * columns + i] ?? NaN), 0),
  );
}

function rmsNorm(vector: Vector, weights: ArrayLike<number>, epsilon: number): Vector {
  const scale = 1 / Math.sqrt(dot(vector, vector) / vector.length + epsilon);
  return vector.map((x, i) => x * scale * (weights[i] ?? NaN));
}

function softmax(scores: Vector): Vector {
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

const dot = (a: Vector, b: Vector): number => a.reduce((sum, x, i) => sum + x * (b[i] ?? NaN), 0);
const add = (a: Vector, b: Vector): Vector => a.map((x, i) => x + (b[i] ?? NaN));
