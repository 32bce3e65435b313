// Reads the file of --config into commander's values: below the command line and the environment, above the defaults.
import { CONFIG_LIMIT_BYTES, parseConfigFile } from '../config/config-file.ts';
import type { JsonValue, Option } from '../config/options.ts';
import { readText } from './read-text.ts';

/** Faults: FILE_UNREADABLE, BAD_OPTION. */
export async function readConfigFile(
  path: string,
  options: readonly Option[],
): Promise<{ option: Option; value: JsonValue }[]> {
  return parseConfigFile(await readText(path, CONFIG_LIMIT_BYTES), path, options);
}
