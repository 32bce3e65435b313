// How the pool tells what happens to its workers; who listens is the caller's business.

type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type Log = (level: LogLevel, message: string, fields: Record<string, unknown>) => void;
