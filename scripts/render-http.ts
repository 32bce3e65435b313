// Renders docs/http.md from the table of routes and the table of faults: `npm run docs`. A test fails when it is stale.
import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { type Feature, pathsOf, refusalsOf, type RouteRow } from '../src/server/route-row.ts';
import { ROUTES } from '../src/server/routes.ts';
import type { JsonSchema } from '../src/server/schemas.ts';

const FILE = new URL('../../docs/http.md', import.meta.url);

const HEAD = `# HTTP

Rendered from the table of routes by \`npm run docs\`. \`GET /openapi.json\` is the same as an OpenAPI document, and \`/docs\` shows it in a browser. Paths answer with and without a slash at the end, and below \`--fastapi-root-path\`; \`OPTIONS\` on each names its methods; \`GET\` includes \`HEAD\`. Unknown fields of a body are let be, \`null\` counts as absent. Every answer has \`x-request-id\`, the sender's own where it sent one.

Errors have OpenAI's body, \`{"error": {"message", "type", "param", "code"}}\`, with a \`hint\` beside \`error\`. What may pass has \`retry-after\`; a 5xx that will not has \`x-should-retry: false\`. Mistakes of the sender are 4xx other than 408 and 429, so that neither clients nor SGLang's gateway send them again.

| access | without keys | \`--api-key\` only | \`--admin-api-key\` only | both |
| --- | --- | --- | --- | --- |
| open | open | open | open | open |
| serve | open | API key | open | either key |
| inspect | open | API key | admin key | either key |
| manage | open | API key | admin key | admin key |

A key comes as \`Authorization: Bearer KEY\` or \`x-api-key: KEY\`. Paths that do not exist need it too.
`;

export function renderHttp(): string {
  return [HEAD, ...Object.values<RouteRow>(ROUTES).map(renderRoute)].join('\n');
}

function renderRoute(row: RouteRow): string {
  const { methods, summary, access, body, answer, onlyWith, forBrowsers } = row;
  const [first = '', ...others] = pathsOf(row);
  const also = others.length === 0 ? '' : ` Also ${others.map(code).join(', ')}.`;
  const only = onlyWith === undefined ? '' : ` Only ${FEATURE_FLAGS[onlyWith]}.`;
  const browsers = forBrowsers === true ? ' For requests whose `accept` has `text/html`.' : '';
  return [
    `## ${methods.join(' or ')} ${first}\n`,
    `${summary}.${browsers}${only}${also} Access: ${access}.\n`,
    ...(body === null ? [] : [renderSchema('Body', body)]),
    ...(answer === null ? [] : [renderSchema(`Answer ${String(answer.status)}`, answer.schema)]),
    `Refusals: ${renderRefusals(row)}.\n`,
  ].join('\n');
}

const FEATURE_FLAGS: Record<Feature, string> = {
  metrics: 'with `--enable-metrics`',
  pages: 'without `--disable-ui`',
  openapi: 'without `--disable-openapi-doc`',
  docs: 'without `--disable-ui` and `--disable-openapi-doc`',
};

const code = (text: string): string => `\`${text}\``;

function renderSchema(title: string, schema: JsonSchema): string {
  return `${title}:\n\n\`\`\`yaml\n${stringify(schema, { aliasDuplicateObjects: false })}\`\`\`\n`;
}

/** By status: `400` invalid_request, input_empty. */
const renderRefusals = (row: RouteRow): string =>
  refusalsOf(row)
    .map(([status, codes]) => `${String(status)} ${codes.map(code).join(', ')}`)
    .join('; ');

if (process.argv.includes('--write')) writeFileSync(FILE, renderHttp());
