// Owns the way from the text of one value to the value: kinds, ranges, choices. Pure. A secret is never repeated in a fault.
import { Fault } from '../faults.ts';
import { isObject } from '../json-object.ts';
import type { JsonValue } from './options.ts';
import type { OptionRow, Shape } from './rows.ts';

type Of<Kind extends Shape['kind']> = Extract<Shape, { kind: Kind }>;

/** The value of an option given as text; `source`: where it stands, for the fault. Faults: BAD_OPTION. */
export function parseValue(row: OptionRow, text: string, source = `--${row.flag}`): JsonValue {
  const parsed = parseShape(row, text);
  if (parsed instanceof Problem)
    throw new Fault('BAD_OPTION', { option: source, problem: parsed.problem, hint: row.doc });
  return parsed;
}

/** Why a text is no value: the rest of the sentence that begins with the option. */
class Problem {
  readonly problem: string;
  constructor(problem: string) {
    this.problem = problem;
  }
}

function parseShape(row: OptionRow, text: string): JsonValue | Problem {
  switch (row.kind) {
    case 'text':
      return text === '' && row.bare !== '' && row.default !== '' ? new Problem('the value is empty') : text;
    case 'choice':
      return parseChoice(row, text);
    case 'switch':
    case 'boolean':
      return parseBoolean(text);
    case 'list':
      return parseList(row, text);
    case 'json':
      return parseJson(row, text);
    default:
      return parseNumber(row, text);
  }
}

function parseChoice({ choices, synonyms, mayHaveIndex }: Of<'choice'>, text: string): string | Problem {
  const name = mayHaveIndex === true ? text.replace(/:\d+$/, '') : text;
  const choice = synonyms?.[name.toLowerCase()] ?? name;
  return choices.includes(choice)
    ? choice
    : new Problem(`${quote(text)} is not one of ${choices.join(', ')}`);
}

// Only the environment and a file give switches a value.
function parseBoolean(text: string): boolean | Problem {
  if (['1', 'true', 'yes', 'on'].includes(text.toLowerCase())) return true;
  return ['0', 'false', 'no', 'off', ''].includes(text.toLowerCase())
    ? false
    : new Problem(`${quote(text)} is neither true nor false`);
}

function parseNumber({ kind, min, max }: Of<'integer' | 'human' | 'number'>, text: string): number | Problem {
  const value = READERS[kind](text.trim());
  if (value === null) return new Problem(`${quote(text)} is not ${NAMES[kind]}`);
  return value >= min && value <= max
    ? value
    : new Problem(`${text} is outside ${String(min)} to ${String(max)}`);
}

const NAMES = {
  integer: 'a whole number',
  human: 'a whole number, nor one with k, M, G, T, Ki, Mi, Gi or Ti after it',
  number: 'a number',
};

const READERS = {
  integer: (text: string) => (/^[+-]?\d+$/.test(text) ? Number(text) : null),
  number: (text: string) => (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : null),
  human: readHuman,
};

const STEPS = ['', 'k', 'M', 'G', 'T'];
const BINARY_STEPS = ['', 'Ki', 'Mi', 'Gi', 'Ti'];

/** 32000, 32k and 32Ki (32,768); decimals with k, M, G, T only; suffixes as written here, 32K is none. */
function readHuman(text: string): number | null {
  const [, digits = '', suffix = ''] = /^([+-]?\d+(?:\.\d+)?)([kMGT]|[KMGT]i)?$/.exec(text) ?? [];
  if (digits === '' || (digits.includes('.') && !STEPS.slice(1).includes(suffix))) return null;
  const size = STEPS.includes(suffix) ? 1000 ** STEPS.indexOf(suffix) : 1024 ** BINARY_STEPS.indexOf(suffix);
  return Math.round(Number(digits) * size);
}

/** A JSON list, or words separated by blanks. */
function parseList({ of, least }: Of<'list'>, text: string): JsonValue | Problem {
  const words = readJson(text);
  if (Array.isArray(words) && words.some((word) => typeof word === 'object'))
    return new Problem('a list holds texts and numbers only');
  const texts = Array.isArray(words) ? words.map(String) : text.split(/\s+/).filter((word) => word !== '');
  if (texts.length < least) return new Problem('the list is empty');
  if (of === 'text') return texts;
  const numbers = texts.map((word) => READERS[of](word));
  const at = numbers.indexOf(null);
  return at < 0 ? numbers : new Problem(`${quote(texts[at] ?? '')} is not ${NAMES[of]}`);
}

const JSON_NAMES = { object: 'a JSON object', list: 'a JSON list', anything: 'JSON' };

function parseJson({ holds }: Of<'json'>, text: string): JsonValue | Problem {
  const value = readJson(text);
  const isWanted =
    holds === 'anything' ? value !== undefined : holds === 'list' ? Array.isArray(value) : isObject(value);
  return value === undefined || !isWanted ? new Problem(`${quote(text)} is not ${JSON_NAMES[holds]}`) : value;
}

// Whoever writes the value out again calls itself for each level.
const LEVELS = 100;

const isDeeper = (value: JsonValue, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner: JsonValue) => isDeeper(inner, levels - 1)));

function readJson(text: string): JsonValue | undefined {
  try {
    const value = JSON.parse(text) as JsonValue;
    return isDeeper(value, LEVELS) ? undefined : value;
  } catch {
    return undefined;
  }
}

/** A value may be megabytes. */
const quote = (text: string): string =>
  text.length > 80 ? `${JSON.stringify(text.slice(0, 80))}...` : JSON.stringify(text);
