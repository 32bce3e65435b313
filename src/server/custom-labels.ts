// Owns the labels that senders may give the metrics of their own requests, in a header, as SGLang reads them. A sender
// can make up values without end and a server keeps a series for each: only so many are told apart. Pure but for that.
import { isObject, type JsonObject } from '../json-object.ts';

export interface CustomLabels {
  /** In lower case. */
  header: string;
  /** What may be said there. */
  names: readonly string[];
}

export type LabelValues = Record<string, string>;

const LONGEST_VALUE = 128;
const MOST_SERIES = 1000;
/** The values of whoever comes when so many are told apart already. */
const OTHER = 'other';

export class CustomLabelReader {
  readonly names: readonly string[];
  readonly #header: string | null;
  readonly #met = new Set<string>();

  constructor(labels: CustomLabels | null) {
    this.names = labels?.names ?? [];
    this.#header = labels?.header ?? null;
  }

  /** A value for each name, empty where the request says none. */
  read(headers: Readonly<Record<string, string | string[] | undefined>>): LabelValues {
    if (this.#header === null) return {};
    const said = parseObject(headers[this.#header]);
    const values = this.names.map((name) => renderValue(said[name]));
    const key = JSON.stringify(values);
    if (!this.#met.has(key) && this.#met.size >= MOST_SERIES) return this.#pair(values.map(() => OTHER));
    this.#met.add(key);
    return this.#pair(values);
  }

  #pair(values: readonly string[]): LabelValues {
    return Object.fromEntries(this.names.map((name, i) => [name, values[i] ?? '']));
  }
}

/** What is no JSON object says nothing: a label is no reason to refuse a request. */
function parseObject(header: string | string[] | undefined): JsonObject {
  if (typeof header !== 'string') return {};
  try {
    const value: unknown = JSON.parse(header);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function renderValue(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return '';
  return String(value).slice(0, LONGEST_VALUE);
}
