// The text of a file that an option names; what the system says becomes a fault.
import { readFile } from 'node:fs/promises';
import { Fault } from '../faults.ts';

/** Fault: FILE_UNREADABLE. */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const problem = code === 'ENOENT' ? 'there is no such file' : message;
    throw new Fault('FILE_UNREADABLE', { path, problem }, { cause: error });
  }
}
