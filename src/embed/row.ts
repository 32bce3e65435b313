// One row of an input and the text that is taken from it. Pure; knows no file format.
import { Fault } from '../faults.ts';

export interface Row {
  fields: Readonly<Record<string, unknown>>;
  /** The row as JSON text where that is how it came: written again as it stands, no digit of a number is lost. */
  json: string | null;
  /** Where a person finds it: "notes.jsonl, line 12". */
  place: string;
}

/** Which text of a row is embedded. */
export type TextChoice = { field: string } | { template: string };

/** The text of a row; null if it is missing or empty, as an empty cell of a table is. */
export type PickText = (row: Row) => string | null;

const SLOT = /\{([^{}]+)\}/g;

/** A template's `{name}` stands for a field. Fault: BAD_OPTION for a template without any. */
export function makePicker(choice: TextChoice): PickText {
  if ('field' in choice) return (row) => readText(row, choice.field);
  const { template } = choice;
  if (template.match(SLOT) === null)
    throw new Fault('BAD_OPTION', {
      option: '--template',
      problem: `${JSON.stringify(template)} names no field`,
      hint: "put fields in braces: --template '{title}: {body}'",
    });
  return (row) => {
    const parts: (string | null)[] = [];
    const text = template.replace(SLOT, (_slot, name: string) => {
      const part = readText(row, name);
      parts.push(part);
      return part ?? '';
    });
    return parts.every((part) => part === null) ? null : text;
  };
}

function readText({ fields, place }: Row, name: string): string | null {
  if (!Object.hasOwn(fields, name)) {
    const known = Object.keys(fields).slice(0, 8).join(', ');
    throw new Fault('ROW_UNFIT', {
      place,
      problem: `has no field ${JSON.stringify(name)}`,
      hint: `--field or --template must name fields that every row has; this row has: ${known || 'none'}`,
    });
  }
  const value = fields[name];
  if (value === null || value === undefined || value === '') return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value);
  throw new Fault('ROW_UNFIT', {
    place,
    problem: `has no text in the field ${JSON.stringify(name)}`,
    hint: 'a text, a number or a boolean can be embedded, lists and objects cannot: choose another --field',
  });
}
