// The text of a file that an option names; what the system says becomes a fault.
import { createReadStream } from 'node:fs';
import { Fault } from '../faults.ts';

/** Fault: FILE_UNREADABLE, also for a file of more than `limitBytes`. */
export async function readText(path: string, limitBytes = Infinity): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > limitBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const problem = code === 'ENOENT' ? 'there is no such file' : message;
    throw new Fault('FILE_UNREADABLE', { path, problem }, { cause: error });
  }
  if (sizeBytes <= limitBytes) return Buffer.concat(chunks).toString();
  const problem = `has more than ${String(limitBytes)} bytes`;
  throw new Fault('FILE_UNREADABLE', { path, problem });
}
