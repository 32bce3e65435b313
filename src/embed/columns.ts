// What kind of column a field becomes in Parquet and Arrow: found by looking at every value before any is written.
// Pure. Kinds only ever widen, so the order of rows does not matter.

export type ColumnKind = 'empty' | 'boolean' | 'integer' | 'number' | 'time' | 'text' | 'json';

/** Kinds by field, in the order in which fields first appeared. */
export type Columns = ReadonlyMap<string, ColumnKind>;

/** A value of a column: integers as bigint, times as Date, `json` as its text. */
export type ColumnValue = null | boolean | bigint | number | Date | string;

const INT64_END = 2n ** 63n;

/** Adds the fields of one row to what is known. */
export function widenColumns(
  columns: Map<string, ColumnKind>,
  fields: Readonly<Record<string, unknown>>,
): void {
  for (const name in fields) columns.set(name, widen(columns.get(name) ?? 'empty', kindOf(fields[name])));
}

function kindOf(value: unknown): ColumnKind {
  if (value === null || value === undefined) return 'empty';
  switch (typeof value) {
    case 'boolean':
      return 'boolean';
    case 'bigint':
      return value < INT64_END && value >= -INT64_END ? 'integer' : 'json';
    case 'number':
      return Number.isSafeInteger(value) ? 'integer' : 'number';
    case 'string':
      return 'text';
    default:
      return value instanceof Date ? 'time' : 'json';
  }
}

function widen(known: ColumnKind, next: ColumnKind): ColumnKind {
  if (known === next || next === 'empty') return known;
  if (known === 'empty') return next;
  const areNumbers = ['integer', 'number'].includes(known) && ['integer', 'number'].includes(next);
  return areNumbers ? 'number' : 'json';
}

/** The value as a column of that kind holds it. */
export function columnValue(kind: ColumnKind, value: unknown): ColumnValue {
  if (value === null || value === undefined) return null;
  if (kind === 'integer') return BigInt(value as number | bigint);
  if (kind === 'number') return Number(value);
  return kind === 'json' ? renderJson(value) : (value as ColumnValue);
}

/** Whole numbers beyond 2^53 as text: a JSON reader would round them. */
export function renderJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (part instanceof Uint8Array) return Buffer.from(part).toString('base64');
    if (typeof part !== 'bigint') return part;
    return Number.isSafeInteger(Number(part)) ? Number(part) : part.toString();
  });
}
