// Owns the check of --chat-template at start. Embeddings of texts use no template; a path that leads nowhere is an
// error all the same, because whoever wrote it believes that it does something.
import { readFileSync } from 'node:fs';
import { Fault } from '../faults.ts';

const HINT = 'give a tokenizer_config.json or a .jinja file, or leave the option out: embeddings need none';

/** Faults: FILE_UNREADABLE. */
export function checkChatTemplate(path: string): void {
  const text = readText(path);
  if (path.endsWith('.json') && !holdsTemplate(text))
    throw new Fault('FILE_UNREADABLE', { path, problem: 'holds no chat_template', hint: HINT });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const problem = missing
      ? 'no such chat template'
      : `the chat template cannot be read (${String((error as NodeJS.ErrnoException).code)})`;
    throw new Fault('FILE_UNREADABLE', { path, problem, hint: HINT }, { cause: error });
  }
}

function holdsTemplate(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'chat_template' in value;
  } catch {
    return false;
  }
}
