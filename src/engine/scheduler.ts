// Owns the lanes and decides what each decodes next: a batch of texts, then one chunk of a long text, in turn, so that
// neither holds up the other for more than one decode. Knows tokens and works; knows no text and no tokenizer.
import { recordStage, type Note, type Profile } from '../embedder.ts';
import { faultFrom } from '../faults.ts';
import { planChunks, TextQueue } from './batcher.ts';
import { waitsForCompany } from './company.ts';
import type { DecodeWatch } from './decode-watch.ts';
import { planLongLane, planTextLane, PREFIX_SEQUENCES, type LaneLimits } from './lane-shapes.ts';
import { planThreads, type ThreadShares } from './lane-threads.ts';
import type { Decoder, LaneShape } from './decoder.ts';
import { PrefixStore } from './prefixes.ts';
import { RANKERS, type SchedulePolicy } from './schedule-policy.ts';
import { isVector } from './vector.ts';
import { requestIdsOf, type Work } from './work.ts';

export interface SchedulerOptions extends LaneLimits, ThreadShares {
  openLane: (shape: LaneShape) => Decoder;
  profile: Profile;
  /** Of texts that wait for a batch; those that go in chunks are taken as they came. */
  schedulePolicy: SchedulePolicy;
  /** Small batches may wait for others: never on a CPU, where decodes side by side have a core each. */
  seeksCompany: boolean;
  watch: Pick<DecodeWatch, 'over'>;
  onNote: (note: Note) => void;
}

/** A text that is being decoded chunk by chunk. */
interface LongRun {
  work: Work;
  chunks: number[];
  position: number;
}

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #prefixes: PrefixStore;
  readonly #sequences: number;
  readonly #texts: TextQueue<Work>;
  readonly #longTexts = new TextQueue<Work>();
  readonly #lanes: Decoder[];
  readonly #idle: Decoder[];
  readonly #runs = new Set<Promise<void>>();
  #longLane: Decoder | null = null;
  #longRun: LongRun | null = null;
  #longBusy = false;
  #decodes = 0;
  #decodingTokens = 0;

  constructor(options: SchedulerOptions) {
    const { prefixTokens, lanes, openLane } = options;
    this.#options = options;
    this.#texts = new TextQueue<Work>(RANKERS[options.schedulePolicy]);
    this.#prefixes = new PrefixStore({ tokens: prefixTokens, count: PREFIX_SEQUENCES });
    const shape = planTextLane(options);
    this.#sequences = shape.sequences;
    this.#lanes = Array.from({ length: lanes }, () => openLane(shape));
    this.#idle = [...this.#lanes];
  }

  /** Learns from the text and tells which shared beginning it has. */
  get prefixes(): PrefixStore {
    return this.#prefixes;
  }

  /** `call`: whose texts they are; calls take turns. */
  add(works: readonly Work[], call: object): void {
    const isLong = ({ tokens }: Work) => tokens.length > this.#options.batchTokens;
    this.#texts.add(
      works.filter((work) => !isLong(work)),
      call,
    );
    this.#longTexts.add(works.filter(isLong), call);
    this.#wake();
  }

  /** Lets running decodes finish, then frees the lanes. */
  async close(): Promise<void> {
    await Promise.all(this.#runs);
    for (const lane of this.#lanes) lane.close();
    this.#longLane?.close();
    this.#longLane = null;
  }

  #wake(): void {
    while (this.#hasWork && !this.#waits) {
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

  // Whatever runs looks again when it ends.
  get #waits(): boolean {
    return (
      this.#options.seeksCompany &&
      waitsForCompany({
        decodes: this.#decodes,
        tokens: this.#decodingTokens,
        isWaiting: (tokens) => this.#texts.holds(tokens),
      })
    );
  }

  /** Of a decode that begins now. */
  get #threads(): number {
    const othersRest = this.#idle.length === this.#lanes.length - 1;
    return planThreads(this.#options, othersRest && !this.#hasWork);
  }

  async #work(lane: Decoder): Promise<void> {
    while (this.#hasWork && !this.#waits) {
      const batch = this.#takeBatch();
      if (batch.length > 0) await this.#runBatch(lane, batch);
      if (!this.#longBusy) await this.#runChunk();
    }
  }

  // The prefixes' cells come out of the same budget: attention costs by cells, not by tokens.
  #takeBatch(): Work[] {
    const tokens = this.#options.batchTokens - this.#prefixes.tokens;
    const batch = this.#texts.take({ tokens, sequences: this.#sequences });
    const now = performance.now();
    const { profile } = this.#options;
    for (const { queuedAtMs } of batch) recordStage(profile, 'queue', now - queuedAtMs);
    return batch;
  }

  // Whoever was computed beside a text that overflows, or after its prefix, may have caught it: what comes out broken is
  // computed once more with nothing beside it, and only what is broken then is at fault.
  async #runBatch(lane: Decoder, batch: readonly Work[]): Promise<void> {
    const { profile } = this.#options;
    const again: Work[] = [];
    try {
      profile.batches++;
      for (const { cost, tokens } of batch) profile.prefixTokens += tokens.length - cost;
      lane.setThreads(this.#threads);
      const decode = lane.decodeTexts(batch, (i, raw) => {
        const work = batch[i];
        if (work === undefined) return;
        if (work.isAlone) this.#finish(work, raw);
        else if (isVector(raw)) work.finish(raw);
        else again.push(work);
      });
      await this.#watch(batch, decode);
    } catch (error) {
      for (const work of batch) work.fail(faultFrom(error));
      return;
    }
    if (again.length > 0)
      this.#note('info', again, 'vectors are not finite and their texts are computed once more, each alone');
    for (const work of again) {
      work.setApart();
      await this.#runBatch(lane, [work]);
    }
  }

  async #runChunk(): Promise<void> {
    const run = this.#nextLongRun();
    if (run === null) return;
    this.#longBusy = true;
    try {
      const { work, chunks, position } = run;
      const lane = this.#longLaneFor(work.tokens.length);
      const end = position + (chunks.shift() ?? 0);
      this.#options.profile.batches++;
      const isLast = end === work.tokens.length;
      lane.setThreads(this.#threads);
      const decode = lane.decodeChunk(work.tokens.subarray(position, end), position, isLast);
      const raw = await this.#watch([work], decode, end - position);
      run.position = end;
      if (isLast) this.#finish(work, raw);
    } catch (error) {
      run.work.fail(faultFrom(error));
    } finally {
      this.#longBusy = false;
    }
  }

  #watch<Result>(
    works: readonly Work[],
    decode: Promise<Result>,
    tokens = countTokens(works),
  ): Promise<Result> {
    this.#decodes++;
    this.#decodingTokens += tokens;
    return this.#options.watch.over(decode, { tokens, requestIds: () => requestIdsOf(works) }).finally(() => {
      this.#decodes--;
      this.#decodingTokens -= tokens;
    });
  }

  /** Of a text that was computed alone. */
  #finish(work: Work, raw: Float32Array): void {
    if (!isVector(raw))
      this.#note(
        'warn',
        [work],
        `the vector of a text of ${String(work.tokens.length)} tokens is not finite`,
      );
    work.finish(raw);
  }

  #note(level: Note['level'], works: readonly Work[], message: string): void {
    this.#options.onNote({ level, message, requestIds: requestIdsOf(works) });
  }

  /** The run to go on with; a new one when the last is over or nobody wants it any more. */
  #nextLongRun(): LongRun | null {
    const { chunkTokens } = this.#options;
    if (this.#longRun !== null && !isOver(this.#longRun)) return this.#longRun;
    if (this.#longRun?.work.isWanted === false) this.#longRun.work.drop();
    const [work] = this.#longTexts.take({ tokens: 1, sequences: 1 });
    this.#longRun =
      work === undefined ? null : { work, chunks: planChunks(work.tokens.length, chunkTokens), position: 0 };
    return this.#longRun;
  }

  // One long lane, as large as its longest text so far needs: most users send none, and its memory is large.
  #longLaneFor(tokens: number): Decoder {
    if (this.#longLane !== null && this.#longLane.cells >= tokens) return this.#longLane;
    this.#longLane?.close();
    this.#longLane = null;
    this.#longLane = this.#options.openLane(planLongLane(this.#options, tokens));
    return this.#longLane;
  }
}

const countTokens = (works: readonly Work[]): number =>
  works.reduce((sum, { tokens }) => sum + tokens.length, 0);

function isOver({ work, position }: LongRun): boolean {
  return !work.isWanted || position >= work.tokens.length;
}
