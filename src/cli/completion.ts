// Owns the completion scripts for bash, zsh and fish, written from the tables of commands and options: what has an effect
// here is completed, with choices and files as values. Pure text; the shells run without asking this program again.
import type { Option } from '../config/options.ts';
import type { OptionRow } from '../config/rows.ts';

export interface CompletedCommand {
  name: string;
  summary: string;
  /** How the operand is written, `<folder>` or `[files...]`, if there is one. */
  operand: string | null;
  options: readonly Option[];
}

export const SHELLS = { bash: renderBash, zsh: renderZsh, fish: renderFish } as const;
export type Shell = keyof typeof SHELLS;

interface Flag {
  /** Without dashes. */
  name: string;
  doc: string;
  value: 'none' | 'file' | 'other' | readonly string[];
}

function flagsOf({ options }: CompletedCommand): Flag[] {
  return options.flatMap(({ row }) => {
    if (row.class !== undefined) return [];
    const flag = { name: row.flag, doc: row.doc, value: valueOf(row) };
    return row.kind === 'boolean' ? [flag, { ...flag, name: `no-${row.flag}` }] : [flag];
  });
}

function valueOf(row: OptionRow): Flag['value'] {
  if (row.kind === 'switch' || row.kind === 'boolean') return 'none';
  if (row.kind === 'choice') return row.choices;
  return row.kind === 'text' && ['PATH', 'FILE', 'FOLDER'].includes(row.value) ? 'file' : 'other';
}

function renderBash(commands: readonly CompletedCommand[]): string {
  const choices = commands.flatMap((command) =>
    flagsOf(command).flatMap(({ name, value }) =>
      typeof value === 'string' ? [] : [`    '${command.name} --${name}') words='${value.join(' ')}' ;;`],
    ),
  );
  const flags = commands.map(
    (command) =>
      `      ${command.name}) words='${[...flagsOf(command), { name: 'help' }].map(({ name }) => `--${name}`).join(' ')}' ;;`,
  );
  return `# bash completion for qwen-embed: eval "$(qwen-embed completion bash)"
_qwen_embed() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words=
  if [[ $COMP_CWORD -eq 1 ]]; then
    words='${commands.map(({ name }) => name).join(' ')}'
  else
    case "\${COMP_WORDS[1]} $previous" in
${choices.join('\n')}
    *)
      [[ $current == -* ]] && case "\${COMP_WORDS[1]}" in
${flags.join('\n')}
      esac ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _qwen_embed qwen-embed
`;
}

const ZSH_VALUES = { none: '', file: ':file:_files', other: ':value: ' };

function renderZsh(commands: readonly CompletedCommand[]): string {
  const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const escape = (text: string) => text.replace(/[\\[\]:]/g, '\\$&');
  const specs = (command: CompletedCommand) => [
    ...flagsOf(command).map(({ name, doc, value }) => {
      const values = typeof value === 'string' ? ZSH_VALUES[value] : `:value:(${value.join(' ')})`;
      return quote(`--${name}[${escape(doc)}]${values}`);
    }),
    ...(command.operand === null ? [] : [quote(zshOperand(command.operand))]),
  ];
  const cases = commands.map((command) => {
    const lines = ['    _arguments', ...specs(command).map((spec) => `      ${spec}`)].join(' \\\n');
    return `  ${command.name})\n${lines} ;;`;
  });
  return `#compdef qwen-embed
# zsh completion for qwen-embed: eval "$(qwen-embed completion zsh)", or a file _qwen-embed in a folder of $fpath
_qwen_embed() {
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    ${quote(`${name}:${escape(summary)}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${cases.join('\n')}
  esac
}
if [[ $funcstack[1] == _qwen-embed ]]; then _qwen_embed "$@"; else compdef _qwen_embed qwen-embed; fi
`;
}

function zshOperand(written: string): string {
  const place = written.includes('...') ? '*' : '1';
  return `${place}:${written.replace(/[^a-z]/g, '')}:_files`;
}

const FISH_VALUES = { none: '-f', file: '-r -F', other: '-x' };

function renderFish(commands: readonly CompletedCommand[]): string {
  const quote = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const names = commands.map(
    ({ name, summary }) =>
      `complete -c qwen-embed -f -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
  );
  const flags = commands.flatMap((command) =>
    flagsOf(command).map(({ name, doc, value }) => {
      const values = typeof value === 'string' ? FISH_VALUES[value] : `-x -a ${quote(value.join(' '))}`;
      const condition = `'__fish_seen_subcommand_from ${command.name}'`;
      return `complete -c qwen-embed -n ${condition} -l ${name} ${values} -d ${quote(doc)}`;
    }),
  );
  return `# fish completion for qwen-embed: qwen-embed completion fish | source
${[...names, ...flags].join('\n')}
`;
}
