// Owns the certificate that the server shows: read from files, proven to fit its key, read again when they change.
// Knows no server: whoever has one takes the new context.

import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { createSecureContext } from 'node:tls';
import { Fault } from '../faults.ts';

export interface TlsFiles {
  keyFile: string;
  certificateFile: string;
  /** Certificates between the server's own and a root: they are sent along where they complete the chain. */
  authoritiesFile: string | null;
  keyPassword: string | null;
}

export interface TlsContext {
  key: Buffer;
  cert: Buffer;
  ca?: Buffer;
  passphrase?: string;
}

/** Faults: FILE_UNREADABLE, also for a key that does not fit its certificate. */
export function readTls({ keyFile, certificateFile, authoritiesFile, keyPassword }: TlsFiles): TlsContext {
  const context: TlsContext = { key: readFile(keyFile), cert: readFile(certificateFile) };
  if (authoritiesFile !== null) context.ca = readFile(authoritiesFile);
  if (keyPassword !== null) context.passphrase = keyPassword;
  try {
    createSecureContext(context);
  } catch (error) {
    const problem = `it cannot be used with ${keyFile}: ${(error as Error).message}`;
    const hint =
      'give a PEM certificate, its own private key and, for an encrypted key, --ssl-keyfile-password';
    throw new Fault('FILE_UNREADABLE', { path: certificateFile, problem, hint }, { cause: error });
  }
  return context;
}

function readFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const problem = String((error as NodeJS.ErrnoException).code ?? error);
    throw new Fault('FILE_UNREADABLE', { path, problem }, { cause: error });
  }
}

// Key and certificate are replaced one after the other; between the two they do not fit.
const SETTLE_MS = 200;

/**
 * Calls back with the new context after files have changed, or with the fault that keeps the old one in use. Folders are
 * watched, not files: certificates are replaced by renaming, in Kubernetes by renaming a link beside them.
 * Fault: FILE_UNREADABLE where a folder cannot be watched.
 */
export function watchTls(files: TlsFiles, onChange: (change: TlsContext | Fault) => void): { close(): void } {
  let timer: NodeJS.Timeout | undefined;
  const settle = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      onChange(readOrFault(files));
    }, SETTLE_MS);
    timer.unref();
  };
  const paths = [files.keyFile, files.certificateFile, files.authoritiesFile];
  const folders = new Set(paths.filter((path) => path !== null).map((path) => dirname(path)));
  const watchers: FSWatcher[] = [];
  const close = () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
  for (const folder of folders) {
    try {
      const watcher = watch(folder, { persistent: false }, settle);
      watchers.push(watcher);
      watcher.on('error', (error) => {
        onChange(unwatched(folder, error));
      });
    } catch (error) {
      close();
      throw unwatched(folder, error as Error);
    }
  }
  return { close };
}

function unwatched(path: string, cause: Error): Fault {
  const problem = `it cannot be watched for new certificates: ${cause.message}`;
  return new Fault('FILE_UNREADABLE', { path, problem }, { cause });
}

function readOrFault(files: TlsFiles): TlsContext | Fault {
  try {
    return readTls(files);
  } catch (error) {
    return error as Fault;
  }
}
