// Owns what is known of files while they come, between the download that tells and the conversion that listens.
import type { FileGrowth } from '../download/contract.ts';

type Listener = (growth: FileGrowth) => void;

export class GrowingFiles {
  readonly #latest = new Map<string, FileGrowth>();
  readonly #listeners = new Map<string, Listener>();

  tell(growth: FileGrowth): void {
    this.#latest.set(growth.path, growth);
    this.#listeners.get(growth.path)?.(growth);
  }

  /** The listener hears at once what is known; it takes the place of an earlier one. */
  follow(path: string, listener: Listener): void {
    this.#listeners.set(path, listener);
    const latest = this.#latest.get(path);
    if (latest !== undefined) listener(latest);
  }
}
