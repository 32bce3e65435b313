// Owns the file of --config: YAML, one level, long options without their dashes as keys, as SGLang has it. Faults name
// the file, the line and the key, and never repeat a value of a secret. Pure: text in, values out.
import {
  type Document,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  parseDocument,
  type Pair,
} from 'yaml';
import { Fault } from '../faults.ts';
import type { JsonValue, Option } from './options.ts';
import { parseValue } from './parse-value.ts';

const HINT = 'one option per line, such as port: 8080';

interface Place {
  path: string;
  lines: LineCounter;
}

/** Every option there is, each with a line of text, is a quarter of this. */
export const CONFIG_LIMIT_BYTES = 65_536;

/** The values of the options in a file; those that are switched off or left empty are not among them. Faults: BAD_OPTION. */
export function parseConfigFile(
  text: string,
  path: string,
  options: readonly Option[],
): { option: Option; value: JsonValue }[] {
  const place = { path, lines: new LineCounter() };
  const document = parseYaml(text, place);
  const [error] = document.errors;
  if (error !== undefined) {
    const what = error.code.toLowerCase().replaceAll('_', ' ');
    throw refuse(place, error.pos[0], { problem: `not valid YAML (${what})` });
  }
  if (document.contents === null) return [];
  if (!isMap(document.contents)) throw refuse(place, 0, { problem: 'not a list of options', hint: HINT });
  const spellings = new Map(
    options.flatMap((option) =>
      [option.row.flag, ...(option.row.aliases ?? [])].map((name) => [name, option] as const),
    ),
  );
  return document.contents.items.flatMap((pair) => readPair(pair, { ...place, document }, spellings));
}

// A value of JSON has a few; the parser calls itself for each and takes 13 KB.
const LEVELS = 100;

/** Of brackets; indentation costs the parser little. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') depth++;
    else if (token === ']' || token === '}') depth--;
    if (depth > LEVELS) return true;
  }
  return false;
}

// Pretty errors quote the file, in which there may be secrets.
function parseYaml(text: string, place: Place): Document {
  const tooDeep = refuse(place, 0, { problem: 'not valid YAML (nested too deep)', hint: HINT });
  if (isDeep(text)) throw tooDeep;
  try {
    return parseDocument(text, { lineCounter: place.lines, prettyErrors: false });
  } catch (error) {
    // Other kinds of levels end where the stack does.
    throw error instanceof RangeError ? tooDeep : error;
  }
}

/** As a setting may be called elsewhere, `model_path` or `--model-path`, in the spelling of a key. */
const dashed = (name: string): string => name.replace(/^-+/, '').replaceAll('_', '-');

function readPair(
  { key, value: node }: Pair,
  place: Place & { document: Document },
  spellings: ReadonlyMap<string, Option>,
): { option: Option; value: JsonValue }[] {
  const name = isScalar(key) ? String(key.value) : '';
  const offset = isScalar(key) ? (key.range?.[0] ?? 0) : 0;
  const option = spellings.get(name);
  if (option === undefined)
    throw refuse(place, offset, {
      name,
      problem: 'there is no such option',
      hint: spellings.has(dashed(name))
        ? `did you mean ${dashed(name)}?`
        : 'keys are long options without their dashes; launch --help-all lists them',
    });
  if (option.name === 'config')
    throw refuse(place, offset, { name, problem: 'a file names no other file', hint: `leave out ${name}` });
  const text = readText(node, option, place.document);
  if (text === null)
    throw refuse(place, offset, { name, problem: 'it has no value of its kind', hint: option.row.doc });
  try {
    const value = parseValue(option.row, text);
    return value === false && option.row.kind === 'switch' ? [] : [{ option, value }];
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'BAD_OPTION') throw error;
    const { problem } = error.params as { problem: string };
    throw refuse(place, offset, { name, problem, hint: option.row.doc });
  }
}

/** What the value would be on the command line; null where its kind does not fit. */
function readText(node: unknown, { row }: Option, document: Document): string | null {
  if (isScalar(node)) {
    const isEmpty = node.value === null && (node.source ?? '') === '';
    // 1.10 and 0x10 are meant as they are written.
    return isEmpty ? null : (node.source ?? String(node.value));
  }
  const fits = row.kind === 'json' ? isCollection(node) : row.kind === 'list' && isSeq(node);
  return fits ? renderJson(node as Node, document) : null;
}

/** With what aliases stand for; null where those would make far more of the file than it is. */
function renderJson(node: Node, document: Document): string | null {
  try {
    return JSON.stringify(node.toJS(document));
  } catch {
    return null;
  }
}

function refuse(
  { path, lines }: Place,
  offset: number,
  { name, problem, hint }: { name?: string; problem: string; hint?: string },
): Fault {
  const at = `${path}:${String(Math.max(1, lines.linePos(offset).line))}`;
  const option = name === undefined ? at : `${at}: ${name}`;
  return new Fault('BAD_OPTION', { option, problem, ...(hint === undefined ? {} : { hint }) });
}
