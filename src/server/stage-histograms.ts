// Histograms of the workers' stages: how often each took how long, as the workers counted it. Nothing is observed here;
// what a profile tells is written in Prometheus' shape whenever somebody asks.
import { Histogram, type MetricObjectWithValues, type MetricValueWithName, type Registry } from 'prom-client';
import { STAGE_BOUNDS, STAGES, type Profile, type Stage } from '../embedder.ts';

/** One labelled histogram per stage, or one of a single stage without a label. */
interface HistogramRow {
  name: string;
  help: string;
  stages: readonly Stage[];
  isLabelled: boolean;
}

const HISTOGRAM_ROWS: readonly HistogramRow[] = [
  {
    name: 'qwen_embed_worker_stage_seconds',
    help: "Seconds in the workers' stages: of each text tokenise and queue, of each decode look-up, decode and read.",
    stages: STAGES,
    isLabelled: true,
  },
  {
    name: 'sglang:queue_time_seconds',
    help: 'Seconds that each text waited in its worker for its batch.',
    stages: ['queue'],
    isLabelled: false,
  },
];

export function addStageHistograms(registry: Registry, read: () => Profile): void {
  for (const row of HISTOGRAM_ROWS) registry.registerMetric(new ToldHistogram(row, read));
}

type Told = MetricObjectWithValues<MetricValueWithName<string>>;

class ToldHistogram extends Histogram {
  /** Never observed: it has the library's name, help and type for what is told. */
  readonly #empty: Histogram;
  readonly #row: HistogramRow;
  readonly #read: () => Profile;

  constructor(row: HistogramRow, read: () => Profile) {
    const shape = { name: row.name, help: row.help, registers: [] };
    super(shape);
    this.#empty = new Histogram(shape);
    this.#row = row;
    this.#read = read;
  }

  override async get(): Promise<Told> {
    const { name, stages, isLabelled } = this.#row;
    const profile = this.#read();
    const values = stages.flatMap((stage) =>
      listSamples(name, {
        labels: isLabelled ? { stage } : {},
        counts: profile.stageCounts[stage],
        seconds: profile.stageSeconds[stage],
      }),
    );
    return { ...(await this.#empty.get()), values };
  }

  /** What the library's registry asks where it exists. */
  getForPromString(): Promise<Told> {
    return this.get();
  }
}

interface Tally {
  labels: Record<string, string>;
  /** Per bucket, the last above all bounds. */
  counts: readonly number[];
  seconds: number;
}

function listSamples(name: string, { labels, counts, seconds }: Tally): MetricValueWithName<string>[] {
  let below = 0;
  const buckets = counts.map((count, bucket) => {
    below += count;
    const le = STAGE_BOUNDS[bucket] ?? '+Inf';
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: seconds },
    { metricName: `${name}_count`, labels, value: below },
  ];
}
