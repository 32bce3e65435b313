// Where workers listen: unix sockets in a folder of our own that nobody else can enter, or named pipes on Windows,
// which live in no folder. Names never repeat, so a restarted worker cannot meet its predecessor's socket.
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '../faults.ts';

const PREFIX = 'qwen-embed-';

export interface SocketFolder {
  /** null on Windows. */
  path: string | null;
  /** A path that no worker had before. */
  nextSocketPath(): string;
  remove(): Promise<void>;
}

/** Unix limits a socket's path to 103 bytes on macOS, 107 on Linux. */
const MAX_SOCKET_PATH_BYTES = 103;

export async function openSocketFolder(parent = tmpdir()): Promise<SocketFolder> {
  let count = 0;
  if (process.platform === 'win32') {
    const name = `\\\\.\\pipe\\${PREFIX}${randomBytes(12).toString('hex')}`;
    return {
      path: null,
      nextSocketPath: () => `${name}-${String((count += 1))}`,
      remove: () => Promise.resolve(),
    };
  }
  const path = await makeFolder(parent);
  // For a program that exits without closing its pool. After a SIGKILL the last worker removes the folder.
  const removeAtExit = (): void => {
    rmSync(path, { recursive: true, force: true });
  };
  process.once('exit', removeAtExit);
  return {
    path,
    nextSocketPath: () => join(path, `${String((count += 1))}.sock`),
    remove: async () => {
      process.off('exit', removeAtExit);
      await rm(path, { recursive: true, force: true });
    },
  };
}

async function makeFolder(parent: string): Promise<string> {
  const sample = join(parent, `${PREFIX}123456`, '123456.sock');
  if (Buffer.byteLength(sample) > MAX_SOCKET_PATH_BYTES) {
    const problem = `too long for unix sockets, which take ${String(MAX_SOCKET_PATH_BYTES)} bytes; set TMPDIR`;
    throw new Fault('FILE_UNWRITABLE', { path: parent, problem });
  }
  try {
    return await mkdtemp(join(parent, PREFIX));
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('FILE_UNWRITABLE', { path: parent, problem }, { cause });
  }
}
