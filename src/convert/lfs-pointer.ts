// What `git clone` leaves in the place of a large file where git-lfs is not installed: a few lines that name it.
import { Fault } from '../faults.ts';

const BEGINNING = 'version https://git-lfs';
/** As many as tell it from every file that is read here. */
const LEAST_BYTES = 4;

/** `start`: the file's first bytes, or all of it. Faults: FILE_UNREADABLE. */
export function refusePointer(path: string, start: Buffer): void {
  const text = start.toString('latin1', 0, BEGINNING.length);
  if (text.length < LEAST_BYTES || !BEGINNING.startsWith(text)) return;
  throw new Fault('FILE_UNREADABLE', {
    path,
    problem: 'is a Git LFS pointer, not the file itself',
    hint: 'install git-lfs and run git lfs pull in the folder, or fetch the files with qwen-embed download',
  });
}
