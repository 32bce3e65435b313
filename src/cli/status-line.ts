// Owns what comes and goes on a terminal: the lines that tell what is being done. The only importer of ora; whoever only
// prints, as a usage error does, need not wait for it to be loaded.
import ora, { type Ora } from 'ora';
import { renderShare } from './progress-text.ts';
import { mayColour, mayDraw, printLine } from './terminal.ts';

/** One line that tells what is being done: a spinner on a terminal, nothing elsewhere. */
export class StatusLine {
  // A terminal may say that it has no columns (containers, `script`); ora 9 divides by them and never ends.
  readonly #spinner: Ora | null =
    mayDraw() && process.stderr.columns > 0
      ? ora({ stream: process.stderr, color: mayColour() && 'cyan' })
      : null;

  /** Whether there is a line at all. */
  get isLive(): boolean {
    return this.#spinner !== null;
  }

  /** For the text; the spinner stands before it. */
  get columns(): number {
    return process.stderr.columns - 2;
  }

  /** One line, or several below each other. */
  show(text: string): void {
    this.#spinner?.start(text);
  }

  /** Share done, from 0 to 1, after the text. */
  showShare(text: string, share: number): void {
    if (this.#spinner !== null) this.#spinner.text = `${text} ${renderShare(share)}`;
  }

  /** Clears the line so that others can print. */
  clear(): void {
    this.#spinner?.stop();
  }

  /** A line that stays, above whatever is shown next. */
  print(line: string): void {
    this.clear();
    printLine(line);
  }
}
