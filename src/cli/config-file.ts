// Reads the file of --config into commander's values: below the command line and the environment, above the defaults.
import { readFile } from 'node:fs/promises';
import { parseConfigFile } from '../config/config-file.ts';
import type { JsonValue, Option } from '../config/options.ts';
import { Fault } from '../faults.ts';

/** Faults: FILE_UNREADABLE, BAD_OPTION. */
export async function readConfigFile(
  path: string,
  options: readonly Option[],
): Promise<{ option: Option; value: JsonValue }[]> {
  return parseConfigFile(await readText(path), path, options);
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const problem = code === 'ENOENT' ? 'there is no such file' : message;
    throw new Fault('FILE_UNREADABLE', { path, problem }, { cause: error });
  }
}
