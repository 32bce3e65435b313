// A deadline on something that may never end.

/** Resolves when `promise` is settled, either way, or when the time is over. */
export function waitAtMost(timeoutMs: number, promise: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(finish, timeoutMs);
    promise.then(finish, finish);
  });
}
