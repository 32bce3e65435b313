// Names that come from outside: which may be asked for, and which may become a path on this disk. Pure.

/** Relative, with `/` only, and staying below the folder that it is joined to, on every platform. */
export function isSafePath(path: string): boolean {
  return (
    path !== '' &&
    !/[\\\0]/.test(path) &&
    !/^[A-Za-z]:/.test(path) &&
    path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  );
}

/** `owner/name`, or a name alone as the Hub's oldest models have. */
export function isRepoName(repo: string): boolean {
  return /^[\w.-]+(\/[\w.-]+)?$/.test(repo) && isSafePath(repo) && !/--|\.\./.test(repo);
}

/** Branches may have slashes, as a file in refs too. */
export const isCommit = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-f]{40}$/.test(value);

export const isRevisionName = (revision: string): boolean => isSafePath(revision);
