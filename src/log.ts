// How rooms tell what happens: a line with a level and fields. Who listens, and what a line looks like, is the caller's
// business.

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type Log = (level: LogLevel, message: string, fields: Record<string, unknown>) => void;
