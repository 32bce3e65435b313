// Writes docs/flags.md from the tables of options: every flag of `launch`, its class, what it does here. `npm run docs`;
// a test fails when the page is stale.
import { writeFileSync } from 'node:fs';
import { listVariables } from '../src/config/environment.ts';
import { optionsOf, type Option } from '../src/config/options.ts';
import { renderOptionRow, renderFlags } from '../src/config/render.ts';
import type { OptionRow } from '../src/config/rows.ts';

const PAGE = new URL('../../docs/flags.md', import.meta.url);

const INTRO = `# Flags of launch

Every flag of SGLang's \`launch_server\` parses here as it does there: \`--key value\` and \`--key=value\`, aliases, unambiguous prefixes, several values after a list's flag, \`32k\` (32,000) and \`32Ki\` (32,768) where SGLang takes them. A flag is of one of three classes:

- **own**: it has its effect, as the first tables say.
- **no effect**: it is taken, and one notice at the start names all such flags that were given.
- **refused**: it would promise what is not done. The start stops with exit code 2 and names all such flags at once.

The command line wins over the environment, which wins over the file of \`--config\`, which wins over the defaults.
`;

export function renderFlagsPage(): string {
  const groups = new Map<string, Option[]>();
  for (const option of optionsOf('launch'))
    groups.set(option.group, [...(groups.get(option.group) ?? []), option]);
  const sections = [...groups].map(([title, options]) => `## ${title}\n\n${renderSection(options)}\n`);
  return [INTRO, ...sections, renderEnvironment()].join('\n');
}

function renderEnvironment(): string {
  const lines = listVariables().map(
    ({ name, verdict, isIdle }) => `| \`${name}\` | ${isIdle ? 'no effect: ' : ''}${verdict} |`,
  );
  const intro =
    "Other variables that begin with SGLANG_ or SGL_ have no effect; one notice at the start names all that are set. `CUDA_VISIBLE_DEVICES` counts as everywhere, those of the hub's tools are in [downloads.md](downloads.md), and every option has a name of its own: `QWEN_EMBED_PORT` is `--port`.";
  return [
    "## SGLang's environment\n",
    `${intro}\n`,
    '| variable | here |',
    '| --- | --- |',
    ...lines,
    '',
  ].join('\n');
}

function renderSection(options: readonly Option[]): string {
  const isOwn = options.some(({ row }) => row.class === undefined);
  const head = isOwn
    ? ['| option | default | |', '| --- | --- | --- |']
    : ['| flag | here | in SGLang or elsewhere |', '| --- | --- | --- |'];
  const lines = options.map(({ row }) =>
    isOwn ? renderOptionRow(row) : `| ${[renderFlags(row), renderVerdict(row), row.doc].join(' | ')} |`,
  );
  return [...head, ...lines].join('\n');
}

function renderVerdict(row: OptionRow): string {
  if (row.class === 'accept')
    return row.isAlways === true ? `so anyway: ${row.why}` : `no effect: ${row.why}`;
  if (row.class !== 'reject') return '';
  const harmless = row.unless.map((value) => `\`${value === '' ? '""' : value}\``).join(', ');
  return [
    `**refused**${harmless === '' ? '' : `, except ${harmless}`}: ${row.why}`,
    ...(row.instead === null ? [] : [row.instead]),
  ].join('; ');
}

if (process.argv.includes('--write')) writeFileSync(PAGE, renderFlagsPage());
