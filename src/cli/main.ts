// The command line's outermost call: runs it and turns faults into exit codes. The only place where that happens.
import { isatty } from 'node:tty';
import { Fault, faultFrom } from '../faults.ts';
import { asksForJsonLines } from './json-lines.ts';
import { runProgram } from './program.ts';

/** None is a terminal under `nohup`, whose word that SIGHUP is to be ignored Node forgets when it starts. */
const STANDARD_STREAMS = [0, 1, 2];

/** Runs the command in `args` (without node and script) and resolves with the exit code; never rejects. */
export async function main(args: readonly string[]): Promise<number> {
  process.stdout.on('error', endWithoutStdout);
  // Its reader may go and its disk may be full; there is nobody to tell, and a server goes on serving.
  process.stderr.on('error', () => undefined);
  if (!STANDARD_STREAMS.some(isatty)) process.on('SIGHUP', () => undefined);
  process.once('uncaughtException', (error) => {
    endWith(nameUnforeseen(error), args);
  });
  try {
    return await runProgram(args);
  } catch (error) {
    return await tellFault(faultFrom(error), args);
  }
}

async function tellFault(fault: Fault, args: readonly string[]): Promise<number> {
  const { printFault, speakJson } = await import('./terminal.ts');
  if (asksForJsonLines(args, process.env)) speakJson();
  printFault(fault);
  return fault.exitCode;
}

/** Whoever reads has enough, as `head` has: what is left to say has no reader, and that is no error. */
function endWithoutStdout(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  const path = 'the standard output';
  const fault = new Fault('FILE_UNWRITABLE', { path, problem: error.message }, { cause: error });
  endWith(fault, process.argv.slice(2));
}

/** Node's own HTTP client says that it lacks addresses from a promise that nobody holds. */
function nameUnforeseen(error: Error): Fault {
  return error instanceof RangeError && /WebAssembly\.instantiate\(\): Out of memory/.test(error.message)
    ? new Fault('ADDRESSES_SHORT', {}, { cause: error })
    : faultFrom(error);
}

/** For what is thrown where no command waits for it. */
function endWith(fault: Fault, args: readonly string[]): void {
  const end = () => process.exit(fault.exitCode);
  tellFault(fault, args).then(end, end);
}
