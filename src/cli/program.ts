// Commander built from the tables of commands and options: dispatch, operands, values with their sources, help. The only
// importer of commander. Knows nothing of what commands do.
import { Command, CommanderError, Help, Option as CommanderOption } from 'commander';
import { judgeOptions } from '../config/judge.ts';
import { maskSecrets, normaliseArguments } from '../config/normalise.ts';
import { environmentName, optionsOf, type JsonValue, type Option, type Settings } from '../config/options.ts';
import { parseValue } from '../config/parse-value.ts';
import type { CommandName } from '../config/rows.ts';
import { Fault } from '../faults.ts';
import { readVersion } from '../launch/version.ts';
import { COMMANDS, SYNONYMS, type Call, type CommandRow, type SettingSource } from './commands.ts';
import { renderDescription, renderExamples, renderTerm } from './help.ts';

/** Runs one command with its settings and resolves with the exit code. */
type RunCommand = (name: CommandName, settings: Settings<CommandName>, call: Call) => Promise<number>;

/** Runs a command line and resolves with the exit code. Faults: BAD_OPTION, OPTIONS_REFUSED, those of the command. */
export async function runProgram(args: readonly string[], run: RunCommand = runCommand): Promise<number> {
  const typed = args.length === 0 ? ['--help'] : args;
  const showAll = typed.includes('--help-all');
  const [first = '', ...rest] = typed.map((arg) => (arg === '--help-all' ? '--help' : arg));
  const name = SYNONYMS.get(first) ?? first;
  const called = isCommand(name) ? name : null;
  const normal = normaliseArguments(rest, called === null ? [] : optionsOf(called));
  // Of what is no command, too, no value is repeated.
  const words = called === null ? normaliseArguments([first], []) : [name];
  let exitCode = 0;
  const program = buildProgram({
    showAll,
    called,
    args: normal,
    run,
    onExitCode: (code) => (exitCode = code),
  });
  try {
    await program.parseAsync([...words, ...normal], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    throw usageFault(error, { called, args });
  }
}

const isCommand = (name: string): name is CommandName => Object.hasOwn(COMMANDS, name);

interface ProgramOptions {
  /** Help lists options without effect and rare ones too. */
  showAll: boolean;
  /** The one command that needs its options; null = each may. */
  called: CommandName | null;
  /** The normalised command line after the command's name. */
  args: readonly string[];
  run: RunCommand;
  onExitCode: (code: number) => void;
}

function buildProgram(options: ProgramOptions): Command {
  const program = new Command('qwen-embed')
    .description(
      "Serves the Qwen3-Embedding models: SGLang's flags, OpenAI's embeddings API, llama.cpp underneath.",
    )
    .version(readVersion())
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  for (const name of Object.keys(COMMANDS) as CommandName[]) addCommand(program, name, options);
  return program;
}

function addCommand(program: Command, name: CommandName, options: ProgramOptions): void {
  const { summary, operand, examples } = COMMANDS[name];
  const command = program.command(name).description(summary).allowExcessArguments(false);
  if (operand !== undefined) command.argument(...operand);
  if (options.called !== null && options.called !== name) return;
  const rows = new Map(optionsOf(name).map((option) => [buildOption(option, options.args), option]));
  for (const option of rows.keys()) command.addOption(option);
  command.configureHelp(describeOptions(rows, options.showAll));
  command.addHelpText('after', `\n${renderExamples(examples, [...rows.values()], options.showAll)}`);
  command.action(async (...called: unknown[]) => {
    const operands = operandsOf(called);
    await addConfigFile(command, name);
    const notice = judgeOptions(collectGiven(command, name));
    const shownArgs = [name, ...maskSecrets(options.args, optionsOf(name))];
    hideSecrets([name, ...options.args], shownArgs);
    const sources = listSources(command, name);
    const settings = readSettings(command, name);
    options.onExitCode(await options.run(name, settings, { operands, notice, sources, shownArgs }));
  });
}

// Whoever lists the processes of a machine sees their arguments, or the title in place of them.
function hideSecrets(args: readonly string[], shownArgs: readonly string[]): void {
  if (args.some((arg, at) => arg !== shownArgs[at])) process.title = `qwen-embed ${shownArgs.join(' ')}`;
}

function runCommand(name: CommandName, settings: Settings<CommandName>, call: Call): Promise<number> {
  // One row's settings go to the same row's command, which a union of rows cannot say.
  const { run } = COMMANDS[name] as CommandRow<CommandName>;
  return run(settings, call);
}

// Commander calls with the operand, or a list of them, the options and the command.
const operandsOf = ([first]: readonly unknown[]): string[] =>
  Array.isArray(first) ? (first as string[]) : typeof first === 'string' ? [first] : [];

function buildOption({ name, group, row }: Option, args: readonly string[]): CommanderOption {
  const short = row.short === undefined ? '' : `-${row.short}, `;
  const option = new CommanderOption(`${short}--${row.flag} <value>`, row.doc)
    .env(pickEnvironmentName(row))
    .helpGroup(`${group}:`)
    .argParser((text) => parseValue(row, text, nameSource(row, text, args)));
  // Settings are named as in the table, not after the flag.
  option.attributeName = () => name;
  if (row.default !== null) option.default(row.default);
  return option;
}

/** The option as its user wrote it: commander says of no value where it comes from while it is read. */
function nameSource(row: Option['row'], text: string, args: readonly string[]): string {
  const isTyped = args.some((arg) => arg.startsWith(`--${row.flag}=`));
  const variable = pickEnvironmentName(row);
  return !isTyped && process.env[variable] === text ? variable : `--${row.flag}`;
}

// Commander reads one name.
function pickEnvironmentName(row: Option['row']): string {
  const own = environmentName(row);
  const { environment = own, environmentNone } = row;
  if (process.env[own] !== undefined) return own;
  return [undefined, environmentNone].includes(process.env[environment]) ? own : environment;
}

/** Hidden only while help is written: commander suggests spellings from all that is not hidden. */
function describeOptions(rows: Map<CommanderOption, Option>, showAll: boolean): Partial<Help> {
  const help = new Help();
  return {
    formatHelp(command, helper) {
      for (const [option, { row }] of rows) option.hideHelp(row.rare === true && !showAll);
      return help.formatHelp.call(helper, command, helper);
    },
    optionTerm: (option) => {
      const found = rows.get(option);
      return found === undefined ? help.optionTerm(option) : renderTerm(found.row);
    },
    optionDescription: (option) => {
      const found = rows.get(option);
      return found === undefined ? help.optionDescription(option) : renderDescription(found.row);
    },
  };
}

/** Fills in what neither the command line nor the environment gives. */
async function addConfigFile(command: Command, name: CommandName): Promise<void> {
  const path: unknown = command.getOptionValue('config');
  if (typeof path !== 'string') return;
  // YAML is loaded only by those who have a file.
  const { readConfigFile } = await import('./config-file.ts');
  for (const { option, value } of await readConfigFile(path, optionsOf(name)))
    if (isUnset(command, option)) command.setOptionValueWithSource(option.name, value, 'config');
}

const isUnset = (command: Command, { name }: Option): boolean =>
  ['default', undefined].includes(command.getOptionValueSource(name));

function collectGiven(command: Command, name: CommandName): { option: Option; value: JsonValue }[] {
  return optionsOf(name)
    .filter((option) => !isUnset(command, option))
    .map((option) => ({ option, value: command.getOptionValue(option.name) as JsonValue }));
}

// Commander's words for where a value comes from; of a default it says nothing where there is none.
const SOURCES: Readonly<Record<string, SettingSource['source']>> = {
  cli: 'command line',
  env: 'environment',
  config: 'file',
};

function listSources(command: Command, name: CommandName): SettingSource[] {
  return optionsOf(name)
    .filter(({ row }) => row.class === undefined)
    .map(({ name, row }) => {
      const value = (command.getOptionValue(name) as JsonValue | undefined) ?? null;
      const isHidden = row.secret === true && value !== null;
      return {
        flag: `--${row.flag}`,
        value: isHidden ? '(secret)' : JSON.stringify(value),
        source: SOURCES[command.getOptionValueSource(name) ?? ''] ?? 'default',
      };
    });
}

function readSettings(command: Command, name: CommandName): Settings<CommandName> {
  const values = command.opts<Record<string, unknown>>();
  const own = optionsOf(name).filter(({ row }) => row.class === undefined);
  return Object.fromEntries(own.map(({ name }) => [name, values[name] ?? null])) as Settings<CommandName>;
}

/** Commander's own complaint as a row of the table: its sentence without prefix, its suggestion as the hint. */
function usageFault(
  { code, message }: CommanderError,
  { called, args }: { called: CommandName | null; args: readonly string[] },
): Fault {
  // `help` of what is no command shows the help of all, with no sentence to it.
  const complaint = code === 'commander.help' ? `unknown command '${args[1] ?? ''}'` : message;
  const [sentence = message, ...more] = complaint.replace(/^error: /, '').split('\n');
  const suggestion = /\(Did you mean (.+)\?\)/.exec(more.join(' '))?.[1];
  let hint = suggestion && `did you mean ${suggestion}?`;
  if (called === null && code === 'commander.unknownOption')
    hint = 'options stand behind a command: qwen-embed launch --model-path MODEL';
  else if (called !== null && code === 'commander.excessArguments') hint = hintOperands(called);
  const problem = sentence.replace(/\.$/, '').replace('. Expected', ': expected');
  return new Fault('BAD_OPTION', {
    option: 'command line',
    problem,
    ...(hint === undefined ? {} : { hint }),
  });
}

// What stands behind a switch is taken for an operand.
function hintOperands(name: CommandName): string {
  const { operand } = COMMANDS[name];
  const isModelAnOption =
    operand === undefined && optionsOf(name).some(({ row }) => row.flag === 'model-path');
  const takes = operand === undefined ? 'options only' : `one ${operand[0]}`;
  const model = isModelAnOption ? '; a model is named by --model-path' : '';
  return `${name} takes ${takes}${model}; switches take no value: --json, not --json true`;
}
