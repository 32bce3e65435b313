// Fuzzed command lines, environments and --config files, read through commander and the tables to settings; the commands
// themselves are left out. A secret that was given must not come back in a refusal.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc, { type Arbitrary } from 'fast-check';
import { runProgram } from '../../src/cli/program.ts';
import { environmentName, optionsOf, type Option } from '../../src/config/options.ts';
import type { CommandName } from '../../src/config/rows.ts';
import { Fault } from '../../src/faults.ts';
import { findModel } from '../../src/models/find-model.ts';
import { damaged, hostileJson, hostileText, rawBytes } from './hostile.ts';
import { endOf, makeTarget, type OpenTarget } from './target.ts';

const COMMANDS: readonly CommandName[] = [
  'launch',
  'launch',
  'launch',
  'download',
  'list',
  'remove',
  'convert',
  'embed',
  'health',
  'bench',
  'completion',
  'doctor',
];
const SECRET = 'sk-3b1f';
const OPTIONS = optionsOf('launch');

/** Texts that fit the option's kind more often than not. */
function valueOf({ row }: Option): Arbitrary<string> {
  const fitting =
    row.secret === true
      ? fc.constant(SECRET)
      : row.kind === 'switch' || row.kind === 'boolean'
        ? fc.constantFrom('true', 'false')
        : row.kind === 'choice'
          ? fc.constantFrom(...row.choices)
          : row.kind === 'json' || (row.kind === 'list' && row.of === 'text')
            ? hostileJson
            : row.kind === 'text'
              ? hostileText
              : fc.oneof(
                  fc.nat(2000).map(String),
                  fc.nat(70_000).map(String),
                  fc.constantFrom(
                    String(2n ** 63n),
                    '1.5',
                    '32k',
                    '32Ki',
                    '1e3',
                    'true',
                    'false',
                    '.5',
                    '+1',
                  ),
                );
  return row.secret === true
    ? fitting
    : fc.oneof(
        { weight: 9, arbitrary: fitting },
        { weight: 1, arbitrary: fc.oneof(hostileText, hostileJson) },
      );
}

const option = fc.constantFrom(...OPTIONS);
const given: Arbitrary<{ option: Option; value: string }> = option.chain((chosen) =>
  valueOf(chosen).map((value) => ({ option: chosen, value })),
);

/** One option in one of the ways to write it. */
const words: Arbitrary<string[]> = fc
  .tuple(
    given,
    fc.constantFrom('equals', 'equals', 'apart', 'apart', 'bare', 'many', 'no', 'cut'),
    fc.nat(),
    fc.array(hostileText, { maxLength: 4 }),
  )
  .map(
    ([
      {
        option: { row },
        value,
      },
      way,
      at,
      more,
    ]) => {
      switch (way) {
        case 'equals':
          return [`--${row.flag}=${value}`];
        case 'bare':
          return [`--${row.flag}`];
        case 'many':
          return row.secret === true ? [`--${row.flag}`, value] : [`--${row.flag}`, value, ...more];
        case 'no':
          return [`--no-${row.flag}`];
        case 'cut':
          return [
            `--${row.flag.slice(0, 1 + (at % row.flag.length))}`,
            ...(row.secret === true ? [] : [value]),
          ];
        default:
          return [`--${row.flag}`, value];
      }
    },
  );

interface Invocation {
  command: string;
  args: string[];
  environment: Record<string, string>;
}

const invocation: Arbitrary<Invocation> = fc.record({
  command: fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...COMMANDS) },
    { weight: 1, arbitrary: hostileText },
  ),
  args: fc
    .array(
      fc.oneof({ weight: 12, arbitrary: words }, { weight: 1, arbitrary: hostileText.map((text) => [text]) }),
      { maxLength: 4 },
    )
    .map((parts) => parts.flat()),
  environment: fc.array(given, { maxLength: 1 }).map((list) =>
    // No system hands a program a NUL in its environment.
    Object.fromEntries(
      list.map(({ option: { row }, value }) => [environmentName(row), value.replaceAll('\0', '')]),
    ),
  ),
});

/** What launch does first: it looks at what its model's name leads to. */
const look: Parameters<typeof runProgram>[1] = (_name, { modelPath }) => {
  if (typeof modelPath === 'string') findModel(modelPath);
  return Promise.resolve(0);
};

async function endOfProgram(args: readonly string[]): Promise<string> {
  return endOf(async () => {
    try {
      await runProgram(args, look);
    } catch (error) {
      if (error instanceof Fault)
        assert.ok(!`${error.message} ${error.hint}`.includes(SECRET), 'the secret comes back');
      throw error;
    }
  });
}

export const openCommandLine: OpenTarget = () =>
  Promise.resolve(
    makeTarget({
      inputs: invocation,
      run: async ({ command, args, environment }) => {
        Object.assign(process.env, environment);
        try {
          return await endOfProgram([command, ...args]);
        } finally {
          for (const name of Object.keys(environment)) Reflect.deleteProperty(process.env, name);
        }
      },
    }),
  );

const line: Arbitrary<string> = fc
  .tuple(
    given,
    fc.constantFrom(': ', ':', ' : ', ':\n  - ', ': &a ', ': *a', ': !!str ', ': |\n  ', ': {a: ', ': ['),
  )
  .map(
    ([
      {
        option: { row },
        value,
      },
      between,
    ]) => `${row.flag}${between}${value}\n`,
  );

const nestedYaml: Arbitrary<string> = fc
  .tuple(fc.constantFrom('[', '{a: ', '- ', '? ', '&a [', '!!map {'), fc.constantFrom(10, 300, 5000))
  .map(([opening, depth]) => `tokenizer-path: ${opening.repeat(depth)}`);

const BOMB = [
  'a: &a [x,x,x,x,x,x,x,x,x]',
  ...'bcdefghi'.split('').map(
    (name, at) =>
      `${name}: &${name} [${Array(9)
        .fill(`*${'abcdefgh'[at] ?? ''}`)
        .join()}]`,
  ),
].join('\n');

const lines: Arbitrary<Buffer> = fc
  .array(
    fc.oneof(
      { weight: 12, arbitrary: line },
      { weight: 1, arbitrary: hostileText },
      { weight: 1, arbitrary: nestedYaml },
    ),
    { maxLength: 5 },
  )
  .map((list) => Buffer.from(list.join('')));

export const openConfigFile: OpenTarget = (folder) => {
  const path = join(folder, 'config.yaml');
  const inputs = fc.oneof(
    { weight: 6, arbitrary: lines },
    { weight: 3, arbitrary: damaged(lines) },
    { weight: 1, arbitrary: rawBytes('port: ', '%YAML 1.2\n---\n', '\ufeff') },
    { weight: 1, arbitrary: hostileJson.map((text) => Buffer.from(`json-model-override-args: ${text}\n`)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(Buffer.from(BOMB), Buffer.from(`${BOMB}\nextra-metric-labels: {a: *i}\n`)),
    },
  );
  const run = (bytes: Buffer): Promise<string> => {
    writeFileSync(path, bytes);
    return endOfProgram(['launch', '--config', path]);
  };
  return Promise.resolve(makeTarget({ inputs, run }));
};
