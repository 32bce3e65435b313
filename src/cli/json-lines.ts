// Owns the guess whether a command line that could not be read asks for JSON lines: whoever collects them wants the
// complaint in their shape, too. Pure; where the options can be read, they decide.
import { environmentName } from '../config/options.ts';
import { LOGS } from '../config/options/logs.ts';

const FLAG = `--${LOGS.logFormat.flag}`;

export function asksForJsonLines(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  if (args[0] !== 'launch') return false;
  const at = args.findLastIndex((arg) => arg === FLAG || arg.startsWith(`${FLAG}=`));
  if (at < 0) return environment[environmentName(LOGS.logFormat)] === 'json';
  return args[at] === FLAG ? args[at + 1] === 'json' : args[at] === `${FLAG}=json`;
}
