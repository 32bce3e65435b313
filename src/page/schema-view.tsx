// A JSON Schema as a list of fields, objects within objects as lists within lists.

import { describeType, type Field, fieldsOf, type Schema } from './schema-text.ts';

export function SchemaView({ schema }: { schema: Schema }) {
  const fields = fieldsOf(schema);
  const [example] = schema.examples ?? [];
  return (
    <>
      {schema.properties === undefined ? <p class="type">{describeType(schema)}</p> : null}
      {fields.length === 0 ? null : <Fields fields={fields} />}
      {example === undefined ? null : (
        <pre tabIndex={0} role="region" aria-label="Example">
          <code>{JSON.stringify(example, null, 2)}</code>
        </pre>
      )}
    </>
  );
}

function Fields({ fields }: { fields: readonly Field[] }) {
  return (
    <ul class="fields">
      {fields.map((field) => (
        <FieldView key={field.name} field={field} />
      ))}
    </ul>
  );
}

function FieldView({ field: { name, schema, isRequired } }: { field: Field }) {
  const inner = fieldsOf(schema);
  const standard = schema.default === undefined ? '' : `, without it ${JSON.stringify(schema.default)}`;
  return (
    <li>
      <code class="name">{name}</code> {isRequired ? <span class="required">required</span> : null}{' '}
      <span class="type">
        {describeType(schema)}
        {standard}
      </span>
      {schema.description === undefined ? null : <p class="quiet">{schema.description}</p>}
      {inner.length === 0 ? null : <Fields fields={inner} />}
    </li>
  );
}
