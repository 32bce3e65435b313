// Owns every line that stays on the screen: results to stdout; notices, errors and the log to stderr. The only importer of
// chalk: colours appear where a terminal is. What comes and goes is status-line.ts's.
import chalk, { chalkStderr } from 'chalk';
import type { Fault } from '../faults.ts';

export function printResult(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printReady(title: string, url: string): void {
  process.stdout.write(`${chalk.green('ready')} ${title} ${chalk.bold(url)}\n`);
}

export function printNotice(text: string): void {
  process.stderr.write(`${chalkStderr.yellow('notice:')} ${text}\n`);
}

/** News beside the result. */
export function printLine(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Two lines, `error:` and `hint:`; a bug also shows its stack. */
export function printFault(fault: Fault): void {
  process.stderr.write(`${chalkStderr.red('error:')} ${fault.message}\n`);
  process.stderr.write(`${chalkStderr.cyan('hint:')} ${fault.hint}\n`);
  if (fault.kind !== 'bug') return;
  const stack = fault.cause instanceof Error ? fault.cause.stack : fault.stack;
  process.stderr.write(`${stack ?? ''}\n`);
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export interface LogEntry {
  level: LogLevel;
  message: string;
  fields: Record<string, unknown>;
}

/** Whether lines of a level are shown where `least` is the least important that are. */
export const isShown = (level: LogLevel, least: LogLevel): boolean =>
  LEVELS.indexOf(level) >= LEVELS.indexOf(least);

export function printLog(entry: LogEntry, format: 'text' | 'json'): void {
  const { level, message, fields } = entry;
  if (format === 'json') {
    process.stderr.write(`${renderLogLine(entry, new Date())}\n`);
    return;
  }
  const details = Object.keys(fields).length === 0 ? '' : ` ${renderFields(fields)}`;
  process.stderr.write(`${chalkStderr.dim(`${level}:`)} ${message}${details}\n`);
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
