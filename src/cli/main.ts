// The command line's outermost call: runs it and turns faults into exit codes. The only place where that happens.
import { faultFrom } from '../faults.ts';
import { asksForJsonLines } from './json-lines.ts';
import { runProgram } from './program.ts';

/** Runs the command in `args` (without node and script) and resolves with the exit code; never rejects. */
export async function main(args: readonly string[]): Promise<number> {
  process.stdout.on('error', endOnBrokenPipe);
  try {
    return await runProgram(args);
  } catch (error) {
    const fault = faultFrom(error);
    const { printFault, speakJson } = await import('./terminal.ts');
    if (asksForJsonLines(args, process.env)) speakJson();
    printFault(fault);
    return fault.exitCode;
  }
}

/** Whoever reads has enough, as `head` has: what is left to say has no reader, and that is no error. */
function endOnBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
}
