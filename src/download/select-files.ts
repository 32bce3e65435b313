// Which files of a listing are wanted: Python's fnmatch, because users bring patterns that work there.
// Kept libraries (picomatch, minimatch) stop `*` at `/` and treat braces and leading dots in their own way.
import type { FileChoice, RepoFile } from './contract.ts';

/** The files that match any `include` (all, when there is none) and no `exclude`, in the listing's order. */
export function selectFiles<File extends Pick<RepoFile, 'path'>>(
  { files }: { files: readonly File[] },
  { include, exclude = [] }: FileChoice,
): File[] {
  const wanted = include?.map(patternToRegExp);
  const unwanted = exclude.map(patternToRegExp);
  return files.filter(
    ({ path }) =>
      (wanted === undefined || wanted.some((pattern) => pattern.test(path))) &&
      !unwanted.some((pattern) => pattern.test(path)),
  );
}

function patternToRegExp(pattern: string): RegExp {
  const glob = pattern.endsWith('/') ? `${pattern}*` : pattern;
  let source = '';
  for (let i = 0; i < glob.length; i++) {
    const character = glob.charAt(i);
    const close = character === '[' ? closingBracket(glob, i) : -1;
    if (character === '*') source += '.*';
    else if (character === '?') source += '.';
    else if (close > 0) {
      source += bracketSource(glob.slice(i + 1, close));
      i = close;
    } else source += character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
  }
  return new RegExp(`^${source}$`, 's');
}

// A `]` that comes first in brackets is one of the characters meant.
function closingBracket(glob: string, open: number): number {
  const first = glob.charAt(open + 1) === '!' ? open + 2 : open + 1;
  return glob.indexOf(']', glob.charAt(first) === ']' ? first + 1 : first);
}

function bracketSource(inside: string): string {
  const negated = inside.startsWith('!');
  const characters = (negated ? inside.slice(1) : inside)
    // A range that runs backwards holds nothing.
    .replace(/(.)-(.)/g, (range, from: string, to: string) => (from > to ? '' : range))
    .replace(/[\\\]^[]/g, '\\$&');
  if (characters === '') return negated ? '.' : '(?!)';
  return `[${negated ? '^' : ''}${characters}]`;
}
