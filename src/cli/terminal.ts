// Owns every line that stays on the screen: results to stdout; notices, errors and the log to stderr. The only importer of
// chalk: colours appear where a terminal is. What comes and goes is status-line.ts's. A service whose log is read by
// programs says everything as JSON, an object per line.
import chalk, { chalkStderr } from 'chalk';
import type { Fault } from '../faults.ts';
import type { LogLevel } from '../log.ts';

let isJson = false;

// no-color.org, which chalk does not read; FORCE_COLOR overrules it, as in Node.
if (process.env['NO_COLOR'] && process.env['FORCE_COLOR'] === undefined) chalk.level = chalkStderr.level = 0;

/** From now on every line but results is an object; Node's warnings are, too. */
export function speakJson(): void {
  if (isJson) return;
  isJson = true;
  process.removeAllListeners('warning').on('warning', ({ message }) => {
    printNotice(message);
  });
}

/** Whether colours appear on stderr. */
export const mayColour = (): boolean => chalkStderr.level > 0;

/** Whether a terminal is there to be drawn on. */
export const mayDraw = (): boolean => !isJson && process.stderr.isTTY;

export function printResult(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printReady(title: string, url: string): void {
  const entry = { level: 'info', message: `ready ${title}`, fields: { url } } as const;
  printResult(
    isJson ? renderLogLine(entry, new Date()) : `${chalk.green('ready')} ${title} ${chalk.bold(url)}`,
  );
}

export function printNotice(text: string): void {
  if (isJson) printJsonLine('warn', text);
  else process.stderr.write(`${chalkStderr.yellow('notice:')} ${text}\n`);
}

/** News beside the result. */
export function printLine(text: string): void {
  if (isJson) printJsonLine('info', text);
  else process.stderr.write(`${text}\n`);
}

/** Two lines, `error:` and `hint:`, or one object with both; a bug also shows its stack. */
export function printFault(fault: Fault): void {
  const stack = fault.cause instanceof Error ? fault.cause.stack : fault.stack;
  const isBug = fault.kind === 'bug';
  if (isJson) {
    const { wireCode: code, hint } = fault;
    printJsonLine('error', fault.message, { code, hint, ...(isBug ? { stack } : {}) });
    return;
  }
  process.stderr.write(`${chalkStderr.red('error:')} ${fault.message}\n`);
  process.stderr.write(`${chalkStderr.cyan('hint:')} ${fault.hint}\n`);
  if (isBug) process.stderr.write(`${stack ?? ''}\n`);
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export interface LogEntry {
  level: LogLevel;
  message: string;
  fields: Record<string, unknown>;
}

/** Whether lines of a level are shown where `least` is the least important that are. */
export const isShown = (level: LogLevel, least: LogLevel): boolean =>
  LEVELS.indexOf(level) >= LEVELS.indexOf(least);

export function printLog({ level, message, fields }: LogEntry): void {
  if (isJson) {
    printJsonLine(level, message, fields);
    return;
  }
  const details = Object.keys(fields).length === 0 ? '' : ` ${renderFields(fields)}`;
  process.stderr.write(`${chalkStderr.dim(`${level}:`)} ${message}${details}\n`);
}

function printJsonLine(level: LogLevel, message: string, fields: LogEntry['fields'] = {}): void {
  process.stderr.write(`${renderLogLine({ level, message, fields }, new Date())}\n`);
}

/** Time, level and message first, then the fields. Pure. */
export function renderLogLine({ level, message, fields }: LogEntry, time: Date): string {
  return renderFields({ time: time.toISOString(), level, message, ...fields });
}

// JSON knows no errors; of one, its stack says most.
function renderFields(fields: Record<string, unknown>): string {
  return JSON.stringify(fields, (_key, value: unknown) =>
    value instanceof Error ? (value.stack ?? value.message) : value,
  );
}
