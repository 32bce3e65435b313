// `qwen-embed completion SHELL`: prints the completion script of a shell.
import { optionsOf } from '../../config/options.ts';
import type { CommandName } from '../../config/rows.ts';
import { Fault } from '../../faults.ts';
import { COMMANDS } from '../commands.ts';
import { SHELLS, type CompletedCommand, type Shell } from '../completion.ts';

/** Faults: BAD_OPTION. */
export function renderCompletion(shell: string): string {
  if (!isShell(shell))
    throw new Fault('BAD_OPTION', {
      option: 'completion',
      problem: `${JSON.stringify(shell)} is not one of ${Object.keys(SHELLS).join(', ')}`,
      hint: 'name your shell: qwen-embed completion bash',
    });
  return SHELLS[shell](Object.keys(COMMANDS).map((name) => describe(name as CommandName)));
}

const isShell = (name: string): name is Shell => Object.hasOwn(SHELLS, name);

function describe(name: CommandName): CompletedCommand {
  const { summary, operand } = COMMANDS[name];
  return { name, summary, operand: operand?.[0] ?? null, options: optionsOf(name) };
}
