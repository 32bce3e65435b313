// What parsed JSON is before anybody knows what it says.

export type JsonObject = Record<string, unknown>;

/** No list, and not null. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
