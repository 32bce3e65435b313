// JSON Schemas in a few words: types, limits, choices, and the fields of objects. Pure.

export interface Schema {
  type?: string | readonly string[];
  enum?: readonly unknown[];
  const?: unknown;
  oneOf?: readonly Schema[];
  items?: Schema;
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  description?: string;
  default?: unknown;
  examples?: readonly unknown[];
  minimum?: number;
  maximum?: number;
  maxItems?: number;
  contentEncoding?: string;
  contentMediaType?: string;
}

export interface Field {
  name: string;
  schema: Schema;
  isRequired: boolean;
}

/** Such as `string or list of string (2,048 at most)`. `null` is left out: it counts as absent everywhere. */
export function describeType(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return describeChoices(schema.enum);
  const kinds = schema.oneOf?.filter(saysType);
  if (kinds !== undefined && kinds.length > 0)
    return [...new Set(kinds.map(describeType))].filter((kind) => kind !== '').join(' or ');
  const types = [schema.type ?? []].flat().filter((type) => type !== 'null');
  return types
    .map((type) => (type === 'array' ? describeList(schema) : describePlain(type, schema)))
    .join(' or ');
}

// A `oneOf` may also say only which fields go together.
const saysType = ({ type, enum: choices, const: one, oneOf }: Schema): boolean =>
  type !== undefined || choices !== undefined || one !== undefined || oneOf !== undefined;

function describeChoices(choices: readonly unknown[]): string {
  return choices
    .filter((choice) => choice !== null)
    .map((choice) => JSON.stringify(choice))
    .join(', ');
}

function describeList({ items = {}, maxItems }: Schema): string {
  const limit = maxItems === undefined ? '' : ` (${maxItems.toLocaleString('en')} at most)`;
  const kind = describeType(items);
  return `list${kind === '' ? '' : ` of ${kind}`}${limit}`;
}

function describePlain(type: string, { minimum, maximum, contentEncoding }: Schema): string {
  const name = contentEncoding === undefined ? type : `${contentEncoding} ${type}`;
  if (minimum !== undefined && maximum !== undefined)
    return `${name} from ${String(minimum)} to ${String(maximum)}`;
  return minimum === undefined || minimum === 0 ? name : `${name} from ${String(minimum)}`;
}

/** The fields of an object, or of the objects in a list, or of the one kind among several that has any. */
export function fieldsOf(schema: Schema): Field[] {
  const { properties, required = [], items, oneOf = [] } = schema;
  if (properties === undefined) {
    const inner = [...(items === undefined ? [] : [items]), ...oneOf].map(fieldsOf);
    return inner.find((fields) => fields.length > 0) ?? [];
  }
  return Object.entries(properties).map(([name, field]) => ({
    name,
    schema: field,
    isRequired: required.includes(name),
  }));
}
