// The command line: commander built from the table of options, commands run, faults turned into exit codes. The only
// place where a fault becomes an exit code and the only importer of commander.
import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import type { CommandName, OptionName, OptionRow, Settings } from '../config/options.ts';
import { collectNotices, environmentName, optionsOf, parseValue, spellOut } from '../config/read.ts';
import { Fault, faultFrom } from '../faults.ts';
import { runBenchCommand } from './commands/bench.ts';
import { runConvert } from './commands/convert.ts';
import { runHealth } from './commands/health.ts';
import { runLaunch } from './commands/launch.ts';
import { printFault } from './terminal.ts';

/** Runs the command in `args` (without node and script) and resolves with the exit code; never rejects. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    let exitCode = 0;
    const program = buildProgram(args, (code) => {
      exitCode = code;
    });
    await program.parseAsync(spellOutCommand(program, args), { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const fault = error instanceof CommanderError ? usageFault(error) : faultFrom(error);
    printFault(fault);
    return fault.exitCode;
  }
}

function buildProgram(args: readonly string[], onExitCode: (code: number) => void): Command {
  const program = new Command('qwen-embed')
    .description(
      "Serves the Qwen3-Embedding models: SGLang's flags, OpenAI's embeddings API, llama.cpp underneath.",
    )
    .version(readVersion())
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  addCommand(program, 'launch', 'start a server').action(async (_options, command: Command) => {
    const settings = readSettings<'launch'>(command);
    const notices = collectNotices('launch', (name) =>
      ['cli', 'env'].includes(command.getOptionValueSource(name) ?? ''),
    );
    onExitCode(await runLaunch(settings, notices));
  });
  addCommand(program, 'convert', 'convert a Hugging Face folder to a .gguf file')
    .argument('<folder>', 'folder with config.json, tokenizer.json and *.safetensors')
    .action(async (folder: string, _options, command: Command) => {
      onExitCode(await runConvert(folder, readSettings<'convert'>(command)));
    });
  addCommand(program, 'health', 'ask a server whether it is healthy: exit 0 = yes, 1 = no').action(
    async (_options, command: Command) => {
      onExitCode(await runHealth(readSettings<'health'>(command)));
    },
  );
  addCommand(program, 'bench', 'put load on an OpenAI-compatible server: texts/s, latencies, errors').action(
    async (_options, command: Command) => {
      onExitCode(await runBenchCommand(readSettings<'bench'>(command), args));
    },
  );
  return program;
}

function addCommand(program: Command, name: CommandName, summary: string): Command {
  const command = program.command(name).description(summary).allowExcessArguments(false);
  for (const [key, row] of optionsOf(name)) command.addOption(buildOption(key, row));
  return command;
}

function buildOption(name: OptionName, row: OptionRow): Option {
  const long = row.kind === 'switch' ? `--${row.flag}` : `--${row.flag} <${valueName(row)}>`;
  const option = new Option(row.short === undefined ? long : `-${row.short}, ${long}`, row.doc)
    .env(environmentName(row))
    .helpGroup(row.group);
  // Settings are named as in the table, not after the flag.
  option.attributeName = () => name;
  if (row.default !== null) option.default(row.default);
  if (row.kind !== 'switch') option.argParser((text) => parseValue(row, text));
  return option;
}

function valueName(row: OptionRow): string {
  if (row.kind === 'text') return row.value;
  return row.kind === 'choice' ? row.choices.join('|') : 'N';
}

function readSettings<Name extends CommandName>(command: Command): Settings<Name> {
  const values = command.opts<Record<string, unknown>>();
  const rows = optionsOf(command.name() as Name);
  return Object.fromEntries(rows.map(([name]) => [name, values[name] ?? null])) as Settings<Name>;
}

function spellOutCommand(program: Command, args: readonly string[]): string[] {
  const [name, ...rest] = args;
  if (name === undefined) return ['--help'];
  const isCommand = program.commands.some((command) => command.name() === name);
  return isCommand ? [name, ...spellOut(name as CommandName, rest)] : [...args];
}

/** Commander's own complaint as a row of the table: its sentence without prefix, its suggestion as the hint. */
function usageFault({ message }: CommanderError): Fault {
  const [sentence = message, ...more] = message.replace(/^error: /, '').split('\n');
  const suggestion = /\(Did you mean (.+)\?\)/.exec(more.join(' '))?.[1];
  const params = { option: 'command line', problem: sentence };
  return new Fault(
    'BAD_OPTION',
    suggestion === undefined ? params : { ...params, hint: `did you mean ${suggestion}?` },
  );
}

function readVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
