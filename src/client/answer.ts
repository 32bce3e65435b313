// Reads OpenAI-shaped answers: counts and usage without parsing vectors, vectors when somebody asks, refusals of every
// server known. Bytes in, numbers out.

const EMBEDDING_KEY = Buffer.from('"embedding":');
const TOKENS_KEY = /"prompt_tokens"\s*:\s*(\d+)/;
/** `usage` is the last or the first member in every server known; looking there spares a search of megabytes. */
const EDGE_BYTES = 512;
/** Float32 vectors of some thousand values, scaled to 1, stay well inside. */
const LENGTH_TOLERANCE = 1e-3;

/** Embeddings in an OpenAI answer. Vectors hold no quotes, so the key cannot hide in them. */
export function countEmbeddings(body: Buffer): number {
  let count = 0;
  for (let at = body.indexOf(EMBEDDING_KEY); at >= 0; at = body.indexOf(EMBEDDING_KEY, at + 1)) count++;
  return count;
}

/** `usage.prompt_tokens`, or null where the server does not tell. */
export function readPromptTokens(body: Buffer): number | null {
  const tail = body.subarray(Math.max(0, body.length - EDGE_BYTES));
  const head = body.subarray(0, EDGE_BYTES);
  const found = TOKENS_KEY.exec(tail.toString('latin1')) ?? TOKENS_KEY.exec(head.toString('latin1'));
  return found === null ? null : Number(found[1]);
}

/** The vectors of an OpenAI answer in either encoding; null if it is none. */
export function parseVectors(body: Buffer): Float32Array[] | null {
  const answer = parseObject(body.toString('utf8'));
  const items: unknown = answer?.['data'];
  if (!Array.isArray(items)) return null;
  const vectors = items.map((item: unknown) => parseVector(item));
  return vectors.every((vector) => vector !== null) ? vectors : null;
}

function parseVector(item: unknown): Float32Array | null {
  if (typeof item !== 'object' || item === null || !('embedding' in item)) return null;
  const { embedding } = item;
  if (Array.isArray(embedding)) return Float32Array.from(embedding, (value) => Number(value ?? NaN));
  if (typeof embedding !== 'string') return null;
  const bytes = Buffer.from(embedding, 'base64');
  const vector = new Float32Array(bytes.length >> 2);
  for (let i = 0; i < vector.length; i++) vector[i] = bytes.readFloatLE(4 * i);
  return vector;
}

/** False for zero vectors and those with a value that is not finite, too. */
export function isUnitLength(vector: Float32Array): boolean {
  return Math.abs(Math.sqrt(dot(vector, vector)) - 1) <= LENGTH_TOLERANCE;
}

/** Cosine of the angle between two vectors; null if they differ in dimensions. */
export function cosine(a: Float32Array, b: Float32Array): number | null {
  return a.length === b.length ? dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)) : null;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** What a refusal says: OpenAI's `{error: {code, type, message}}`, TEI's `{error, error_type}`, or bare text. */
export function readRefusal(body: string): { code: string | null; message: string | null } {
  const answer = parseObject(body);
  if (answer === null) return { code: null, message: null };
  const { error } = answer;
  const details = typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : answer;
  const word = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);
  return {
    code: word(details['code']) ?? word(details['type']) ?? word(details['error_type']),
    message: word(details['message']) ?? word(error) ?? word(answer['detail']),
  };
}

/** The names of /v1/models in its order. */
export function readModelIds(body: string): string[] {
  const models = parseObject(body)?.['data'];
  if (!Array.isArray(models)) return [];
  return models.flatMap((model: unknown) =>
    typeof model === 'object' && model !== null && 'id' in model && typeof model.id === 'string'
      ? [model.id]
      : [],
  );
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
