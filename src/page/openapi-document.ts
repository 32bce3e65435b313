// The parts of /openapi.json that /docs shows, and their order on the page. Pure.

import type { Schema } from './schema-text.ts';

interface Content {
  content?: Readonly<Record<string, { schema: Schema }>>;
}

export interface Operation {
  operationId: string;
  tags: readonly string[];
  summary: string;
  description?: string;
  security: readonly object[];
  requestBody?: Content;
  responses: Readonly<Record<string, Content & { description: string }>>;
}

export interface OpenApiDocument {
  info: { title: string; version: string; description: string };
  servers: readonly { url: string }[];
  tags: readonly { name: string; description: string }[];
  paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  components: { schemas: { Error: Schema } };
}

export interface Route {
  methods: readonly string[];
  path: string;
  /** What its methods share. */
  operation: Operation;
}

export interface Group {
  name: string;
  description: string;
  routes: readonly Route[];
}

/** Routes by tag, in the document's order. */
export function groupsOf({ tags, paths }: OpenApiDocument): Group[] {
  const routes = Object.entries(paths).flatMap(([path, item]) => {
    const methods = Object.keys(item).filter((key) => key !== 'parameters');
    const operation = item[methods[0] ?? ''] as Operation | undefined;
    return operation === undefined
      ? []
      : [{ path, methods: methods.map((method) => method.toUpperCase()), operation }];
  });
  return tags.map(({ name, description }) => ({
    name,
    description,
    routes: routes.filter(({ operation }) => operation.tags.includes(name)),
  }));
}

/** The one schema of a body or an answer; null = there is none. */
export function schemaOf(content: Content | undefined): { mediaType: string; schema: Schema } | null {
  const [first] = Object.entries(content?.content ?? {});
  return first === undefined ? null : { mediaType: first[0], schema: first[1].schema };
}
