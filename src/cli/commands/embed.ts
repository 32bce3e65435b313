// `qwen-embed embed`: files of texts to files of vectors, by a running server or one of its own. Interrupted at any moment
// it goes on where it was; in a pipe it streams.
import type { Settings } from '../../config/options.ts';
import { parseEndpoint } from '../../client/endpoint.ts';
import { renderPrefix } from '../../instruction.ts';
import { openHttpEmbedder, type HttpEmbedder } from '../../embed/http-embedder.ts';
import { inputFormatOf, LINE_FIELD, INPUT_FORMATS, type InputFormatName } from '../../embed/inputs.ts';
import { STDIN } from '../../embed/lines.ts';
import { outputFormatOf } from '../../embed/outputs.ts';
import { makePicker, type PickText, type TextChoice } from '../../embed/row.ts';
import { runJob, type EmbedJob } from '../../embed/run-job.ts';
import { runStream } from '../../embed/run-stream.ts';
import { parseShard } from '../../embed/shard.ts';
import { Fault } from '../../faults.ts';
import { InterruptSignal } from '../interrupt-signal.ts';
import { openOwnServer, type OwnServer } from '../own-server.ts';
import { JobDisplay } from '../job-display.ts';
import { printNotice, printResult } from '../terminal.ts';

type EmbedSettings = Settings<'embed'>;

interface Input {
  path: string;
  format: InputFormatName;
}

const DEFAULT_BATCH = 64;

/** Resolves with the exit code: 0, or 130 and 143 after Ctrl-C and SIGTERM. */
export async function runEmbed(settings: EmbedSettings, files: readonly string[]): Promise<number> {
  const inputs = readInputs(settings, files);
  const pick = withInstruction(makePicker(readChoice(settings)), settings.instruction);
  const shard = parseShard(settings.shard ?? '0/1');
  checkPipe(settings);
  const interrupt = new InterruptSignal();
  const { signal } = interrupt;
  const display = new JobDisplay();
  let server: OwnServer | null = null;
  try {
    if (settings.modelPath !== null) server = await openOwnServer(settings, display, signal);
    const embedder = await openEmbedder(settings, server?.url ?? settings.url);
    const work = { inputs, pick, shard, embedder, display, signal };
    try {
      if (settings.output === null) await stream(settings, work);
      else await embedFiles(settings, settings.output, work);
    } finally {
      await embedder.close();
    }
    return interrupt.exitCode;
  } catch (error) {
    if (!signal.aborted) throw error;
    display.clear();
    if (settings.output !== null) printNotice('interrupted: the same command goes on where this one was');
    return interrupt.exitCode;
  } finally {
    display.clear();
    await server?.close();
    interrupt.release();
  }
}

interface Work {
  inputs: readonly Input[];
  pick: PickText;
  shard: EmbedJob['shard'];
  embedder: HttpEmbedder;
  display: JobDisplay;
  signal: AbortSignal;
}

async function embedFiles(settings: EmbedSettings, path: string, work: Work): Promise<void> {
  const { display, embedder, inputs, pick, shard, signal } = work;
  const { field, template, instruction, extraBody, onRefusal, overwrite, restart, vectorField } = settings;
  const model = settings.modelPath ?? embedder.model;
  const result = await runJob({
    inputs: inputs.map(({ path, format }) => ({ path: path === STDIN ? null : path, format })),
    pick,
    shard,
    output: { path, format: settings.outputFormat ?? outputFormatOf(path), vectorField },
    description: { model, field, template, instruction, extraBody },
    embed: embedder.embed,
    dimensions: embedder.dimensions,
    onRefusal,
    batchTexts: settings.batchSize ?? DEFAULT_BATCH,
    inFlight: settings.inFlight,
    overwrite,
    restart,
    stdin: process.stdin,
    signal,
    report: (event) => {
      display.show(event);
    },
  });
  display.clear();
  const { rowCount, withoutVector, resumedRows } = result;
  const parts = [
    `${path}: ${String(rowCount)} rows of ${String(embedder.dimensions)} values`,
    ...(resumedRows > 0 ? [`${String(resumedRows)} of them from an earlier run`] : []),
    ...(withoutVector > 0 ? [`${String(withoutVector)} without a vector`] : []),
  ];
  printResult(
    settings.json ? JSON.stringify({ ...result, dimensions: embedder.dimensions }) : parts.join(', '),
  );
}

async function stream(settings: EmbedSettings, work: Work): Promise<void> {
  const { display, embedder, inputs, pick, signal } = work;
  const { onRefusal, vectorField } = settings;
  const rowsOf = async function* () {
    for (const { path, format } of inputs) yield* INPUT_FORMATS[format].read(path);
  };
  await runStream({
    rows: rowsOf(),
    pick,
    embed: embedder.embed,
    vectorField,
    onRefusal,
    batchTexts: settings.batchSize ?? DEFAULT_BATCH,
    inFlight: settings.inFlight,
    signal,
    output: process.stdout,
    onRows: (rowsDone) => {
      display.show({ event: 'embedded', rowsDone, rowCount: null });
    },
    onSkipped: ({ place }, problem) => {
      display.show({ event: 'skipped', place, problem });
    },
  });
}

function openEmbedder(settings: EmbedSettings, url: string): Promise<HttpEmbedder> {
  const { apiKey, dimensions, extraBody, inFlight, requestModel, requestTimeoutSeconds } = settings;
  return openHttpEmbedder({
    endpoint: parseEndpoint('--url', url),
    apiKey,
    model: requestModel,
    members: {
      ...(extraBody as Record<string, unknown> | null),
      ...(dimensions === null ? {} : { dimensions }),
    },
    connections: inFlight,
    timeoutMs: 1000 * requestTimeoutSeconds,
  });
}

function readInputs({ inputFormat }: EmbedSettings, files: readonly string[]): Input[] {
  return (files.length === 0 ? [STDIN] : files).map((path) => {
    const format = inputFormat ?? (path === STDIN ? 'jsonl' : inputFormatOf(path));
    if (path === STDIN && format === 'parquet')
      throw new Fault('BAD_OPTION', {
        option: '--input-format parquet',
        problem: 'cannot come from standard input: its index is at the end of the file',
        hint: 'name the file',
      });
    return { path, format };
  });
}

function readChoice({ field, template }: EmbedSettings): TextChoice {
  if (template === null) return { field: field ?? LINE_FIELD };
  if (field === null) return { template };
  throw new Fault('BAD_OPTION', {
    option: '--template',
    problem: 'and --field both say where the text is',
    hint: 'give one of the two',
  });
}

// An empty text stays one, with or without an instruction before it.
function withInstruction(pick: PickText, instruction: string | null): PickText {
  const prefix = renderPrefix(instruction);
  return (row) => {
    const text = pick(row);
    return text === null ? null : prefix + text;
  };
}

function checkPipe({ output, outputFormat, shard }: EmbedSettings): void {
  if (output !== null) return;
  const refuse = (option: string, problem: string): Fault =>
    new Fault('BAD_OPTION', { option, problem, hint: 'name a file with --output' });
  if (outputFormat !== null && outputFormat !== 'jsonl')
    throw refuse(`--output-format ${outputFormat}`, 'cannot go to standard output');
  if (shard !== null) throw refuse(`--shard ${shard}`, 'needs to know how many rows there are');
}
