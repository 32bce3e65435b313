// Owns the lanes and decides what each decodes next: a batch of texts, then one chunk of a long text, in turn, so that
// neither holds up the other for more than one decode. Knows tokens and calls; knows no text and no tokenizer.
import { faultFrom } from '../faults.ts';
import { TextQueue, planChunks } from './batcher.ts';
import type { Call, CallText } from './call.ts';
import type { Lane, LaneShape } from './lane.ts';

export interface SchedulerOptions {
  openLane: (shape: LaneShape) => Lane;
  lanes: number;
  /** Most tokens per decode; a text beyond it goes in chunks on a lane of its own. */
  batchTokens: number;
  /** Most texts per decode. */
  sequences: number;
  /** For batches of texts; a text that goes in chunks always has it. */
  flashAttention: boolean;
}

/** A text that is being decoded chunk by chunk. */
interface LongRun {
  text: CallText;
  chunks: number[];
  position: number;
}

/** Cells of a long lane grow in steps of powers of two from here, so that few sizes are ever opened. */
const LEAST_LONG_CELLS = 1024;

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #texts = new TextQueue<Call, CallText>();
  readonly #longTexts = new TextQueue<Call, CallText>();
  readonly #lanes: Lane[];
  readonly #idle: Lane[];
  readonly #runs = new Set<Promise<void>>();
  #longLane: Lane | null = null;
  #longRun: LongRun | null = null;
  #longBusy = false;

  constructor(options: SchedulerOptions) {
    const { batchTokens, sequences, flashAttention } = options;
    this.#options = options;
    this.#lanes = Array.from({ length: options.lanes }, () =>
      options.openLane({ batchTokens, sequences, cells: batchTokens, flashAttention }),
    );
    this.#idle = [...this.#lanes];
  }

  add(call: Call, texts: readonly CallText[]): void {
    const isLong = ({ tokens }: CallText) => tokens.length > this.#options.batchTokens;
    this.#texts.add(
      call,
      texts.filter((text) => !isLong(text)),
    );
    this.#longTexts.add(call, texts.filter(isLong));
    this.#wake();
  }

  /** Forgets the texts of a call that no decode has begun. */
  drop(call: Call): void {
    this.#texts.remove(call);
    this.#longTexts.remove(call);
  }

  /** Lets running decodes finish, then frees the lanes. */
  async close(): Promise<void> {
    await Promise.all(this.#runs);
    for (const lane of this.#lanes) lane.close();
    this.#longLane?.close();
    this.#longLane = null;
  }

  #wake(): void {
    while (this.#hasWork) {
      const lane = this.#idle.pop();
      if (lane === undefined) return;
      const run = this.#work(lane).finally(() => {
        this.#idle.push(lane);
        this.#runs.delete(run);
        // Texts that came between the run's last look and this moment found no idle lane.
        this.#wake();
      });
      this.#runs.add(run);
    }
  }

  get #hasWork(): boolean {
    const hasLongWork = this.#longRun !== null || !this.#longTexts.isEmpty;
    return !this.#texts.isEmpty || (hasLongWork && !this.#longBusy);
  }

  async #work(lane: Lane): Promise<void> {
    while (this.#hasWork) {
      const batch = this.#texts.take({
        tokens: this.#options.batchTokens,
        sequences: this.#options.sequences,
      });
      if (batch.length > 0) await this.#runBatch(lane, batch);
      if (!this.#longBusy) await this.#runChunk();
    }
  }

  async #runBatch(lane: Lane, batch: readonly CallText[]): Promise<void> {
    try {
      await lane.decodeTexts(batch, (i, raw) => {
        const text = batch[i];
        text?.call.finish(text, raw);
      });
    } catch (error) {
      for (const { call } of batch) this.#fail(call, error);
    }
  }

  async #runChunk(): Promise<void> {
    const run = this.#nextLongRun();
    if (run === null) return;
    this.#longBusy = true;
    try {
      const { text, chunks, position } = run;
      const lane = this.#longLaneFor(text.tokens.length);
      const end = position + (chunks.shift() ?? 0);
      const raw = await lane.decodeChunk(text.tokens.subarray(position, end), position);
      run.position = end;
      if (end === text.tokens.length) text.call.finish(text, raw);
    } catch (error) {
      this.#fail(run.text.call, error);
    } finally {
      this.#longBusy = false;
    }
  }

  /** The run to go on with; a new one when the last is over or its call has ended. */
  #nextLongRun(): LongRun | null {
    const { batchTokens } = this.#options;
    if (this.#longRun !== null && !isOver(this.#longRun)) return this.#longRun;
    const [text] = this.#longTexts.take({ tokens: 1, sequences: 1 });
    this.#longRun =
      text === undefined ? null : { text, chunks: planChunks(text.tokens.length, batchTokens), position: 0 };
    return this.#longRun;
  }

  // One long lane, as large as its longest text so far needs: most users send none, and its memory is large.
  #longLaneFor(tokens: number): Lane {
    if (this.#longLane !== null && this.#longLane.cells >= tokens) return this.#longLane;
    this.#longLane?.close();
    this.#longLane = null;
    const cells = Math.max(LEAST_LONG_CELLS, 2 ** Math.ceil(Math.log2(tokens)));
    // Without flash attention a 32k text would need batchTokens x 32k scores per head; and a text that always goes
    // alone, in the same chunks, cannot differ from itself in a batch.
    const { batchTokens, openLane } = this.#options;
    this.#longLane = openLane({ batchTokens, sequences: 1, cells, flashAttention: true });
    return this.#longLane;
  }

  #fail(call: Call, error: unknown): void {
    call.fail(faultFrom(error));
    this.drop(call);
  }
}

function isOver({ text, position }: LongRun): boolean {
  return text.call.hasEnded || position >= text.tokens.length;
}
