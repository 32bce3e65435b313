// `qwen-embed bench`: load for any OpenAI-compatible embeddings URL, and a report: exit 0 = every request was answered
// as it should be, 1 = some were not. The first Ctrl-C ends it with a report of what was measured so far.
import { parseEndpoint } from '../../client/endpoint.ts';
import { renderPrefix } from '../../instruction.ts';
import { parseLengths, renderLengths } from '../../bench/lengths.ts';
import { planLegs } from '../../bench/plan.ts';
import { renderJson } from '../../bench/report-json.ts';
import { renderReport } from '../../bench/report.ts';
import { runBench, type BenchOptions, type Progress } from '../../bench/run.ts';
import { parseLines, type Inputs } from '../../bench/texts.ts';
import type { Settings } from '../../config/options.ts';
import { Fault } from '../../faults.ts';
import { renderBenchProgress } from '../bench-progress.ts';
import { InterruptSignal } from '../interrupt-signal.ts';
import { readText } from '../read-text.ts';
import { StatusLine } from '../status-line.ts';
import { printResult } from '../terminal.ts';

type BenchSettings = Settings<'bench'>;

/** `args` is the command line without secrets. */
export async function runBenchCommand(settings: BenchSettings, args: readonly string[]): Promise<number> {
  const interrupt = new InterruptSignal();
  const status = new StatusLine();
  try {
    const options = await readOptions(settings, interrupt.signal);
    options.onProgress = showProgress(status);
    status.show(`asking ${options.endpoints.map(({ url }) => url).join(' and ')}`);
    const result = await runBench(options);
    status.clear();
    const load = describeLoad(settings, options.inputs);
    printResult(
      settings.json
        ? JSON.stringify(renderJson(result, { command: renderCommand(args), load }))
        : renderReport(result, renderLoad(load)),
    );
    if (result.interrupted) return interrupt.exitCode;
    return result.legs.some((leg) => leg.rounds.flat().some(({ failures }) => failures > 0)) ? 1 : 0;
  } catch (error) {
    if (interrupt.signal.aborted) return interrupt.exitCode;
    throw error;
  } finally {
    status.clear();
    interrupt.release();
  }
}

async function readOptions(settings: BenchSettings, signal: AbortSignal): Promise<BenchOptions> {
  const { compare, modelId, apiKey, encodingFormat, seed, retry, send } = settings;
  return {
    endpoints: [
      parseEndpoint('--url', settings.url),
      ...(compare === null ? [] : [parseEndpoint('--compare', compare)]),
    ],
    legs: planLegs(settings),
    inputs: await readInputs(settings),
    modelId,
    apiKey,
    encodingFormat,
    send,
    seed,
    retry,
    checkVectors: settings.check,
    requestTimeoutMs: 1000 * settings.requestTimeoutSeconds,
    signal,
    onProgress: () => undefined,
  };
}

async function readInputs({ inputFile, textTokens, send, instruct }: BenchSettings): Promise<Inputs> {
  if (send === 'ids' && instruct !== null)
    throw new Fault('BAD_OPTION', {
      option: '--instruct',
      problem: 'is text, and --send ids sends none',
      hint: 'leave out one of the two',
    });
  const prefix = renderPrefix(instruct);
  if (inputFile !== null) {
    const lines = parseLines(await readText(inputFile), { send, prefix, path: inputFile });
    return { kind: 'lines', lines };
  }
  const lengths = parseLengths(textTokens);
  return send === 'ids' ? { kind: 'ids', lengths } : { kind: 'words', lengths, prefix };
}

function showProgress(status: StatusLine): (progress: Progress) => void {
  let title = '';
  let startedAt = 0;
  return (progress) => {
    if (progress.leg.title !== title) {
      title = progress.leg.title;
      startedAt = performance.now() - progress.elapsedMs;
    }
    status.show(renderBenchProgress(progress, performance.now() - startedAt));
  };
}

interface LoadFacts extends Record<string, unknown> {
  inputs: string;
}

function describeLoad(settings: BenchSettings, inputs: Inputs): LoadFacts {
  const what = settings.send === 'ids' ? 'token ids' : 'texts';
  return {
    inputs:
      inputs.kind === 'lines'
        ? `${inputs.lines.length.toLocaleString('en-US')} ${what} of ${settings.inputFile ?? ''}`
        : `${what}, ${renderLengths(inputs.lengths)}`,
    send: settings.send,
    instruct: settings.instruct,
    encodingFormat: settings.encodingFormat,
    seed: settings.seed,
    retry: settings.retry,
    check: settings.check,
  };
}

function renderLoad({ inputs, instruct, encodingFormat }: LoadFacts): string {
  return `${inputs}${instruct === null ? '' : '; instructed'}; asked for ${String(encodingFormat)}`;
}

/** The command as it can be pasted into a shell. */
const renderCommand = (args: readonly string[]): string => ['qwen-embed', ...args.map(quote)].join(' ');

const quote = (arg: string): string =>
  /^[\w@%+=:,./*-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;
