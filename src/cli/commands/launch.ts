// `qwen-embed launch`: starts a service, tells when it is ready, ends it on SIGTERM or Ctrl-C; or shows its plan.
import { setMaxListeners } from 'node:events';
import { judgeEnvironment } from '../../config/environment.ts';
import type { Settings } from '../../config/options.ts';
import { Fault } from '../../faults.ts';
import { showPlan } from './launch-plan.ts';
import type { Progress } from '../../launch/open-model.ts';
import { startService } from '../../launch/service.ts';
import { DownloadDisplay } from '../download-display.ts';
import { LaunchSteps, renderService } from '../launch-display.ts';
import {
  isShown,
  type LogEntry,
  type LogLevel,
  printLine,
  printLog,
  printNotice,
  printReady,
  StatusLine,
} from '../terminal.ts';

/** Resolves with the exit code: 0 after SIGTERM, 130 after Ctrl-C. */
export async function runLaunch(settings: Settings<'launch'>, notice: string | null): Promise<number> {
  const write = makeWrite(settings);
  for (const text of [notice, judgeEnvironment(process.env)]) {
    if (text === null) continue;
    if (settings.logFormat === 'text') printNotice(text);
    else write(settings.logLevel, { level: 'warn', message: text, fields: {} });
  }
  if (settings.dryRun) return showPlan(settings);
  const stop = new StopSignal();
  const status = new StatusLine();
  const download = new DownloadDisplay(status, settings.modelPath ?? '');
  const steps = new LaunchSteps({
    isLive: status.isLive,
    show: (text) => {
      status.show(text);
    },
    clear: () => {
      status.clear();
    },
    print: printLine,
  });
  try {
    const service = await startService({
      settings,
      progress: showProgress({ status, download, steps }, settings),
      signal: stop.signal,
    });
    steps.end();
    if (status.isLive) printLine(renderService(service));
    const workers = service.attempt.workers.length;
    printReady(
      `${service.modelName} on ${service.attempt.reason}, ${String(workers)} worker${workers === 1 ? '' : 's'}:`,
      service.url,
    );
    // SGLang's line that scripts wait for, to the letter.
    const message = 'The server is fired up and ready to roll!';
    write(settings.logLevel, { level: 'info', message, fields: {} });
    await stop.wanted;
    status.show('finishing requests in flight');
    await service.close();
  } catch (error) {
    if (!stop.signal.aborted || !(error instanceof Fault)) throw error;
    status.clear();
    const interruption = download.describeInterruption();
    if (interruption !== null) printLine(interruption);
  } finally {
    status.clear();
  }
  return stop.exitCode;
}

/** Prints a line if `least` lets it pass. */
type Write = (least: LogLevel, entry: LogEntry) => void;

const makeWrite =
  ({ logFormat }: Settings<'launch'>): Write =>
  (least, entry) => {
    if (isShown(entry.level, least)) printLog(entry, logFormat);
  };

function showProgress(
  { status, download, steps }: { status: StatusLine; download: DownloadDisplay; steps: LaunchSteps },
  settings: Settings<'launch'>,
): Progress {
  let step = '';
  const write = makeWrite(settings);
  return {
    onStep: (text) => {
      step = text;
      steps.begin(text);
    },
    onConversion: ({ bytesDone, bytesTotal }) => {
      if (download.isRunning) download.showConversion(bytesDone / bytesTotal);
      else status.showShare(step, bytesDone / bytesTotal);
    },
    onDownload: (event) => {
      download.report(event);
      step = 'converting';
    },
    log: (level, message, fields) => {
      status.clear();
      write(settings.logLevel, { level, message, fields });
    },
    // A line per request is for whoever asks for it.
    logHttp: (level, message, fields) => {
      status.clear();
      if (settings.logLevelHttp !== null) write(settings.logLevelHttp, { level, message, fields });
      else write(settings.logLevel, { level: 'debug', message, fields });
    },
  };
}

/** The first SIGTERM or SIGINT asks for the end; a second one does not wait for it. */
class StopSignal {
  readonly #controller = new AbortController();
  readonly signal = this.#controller.signal;
  readonly wanted: Promise<void>;
  exitCode = 0;

  constructor() {
    setMaxListeners(0, this.signal);
    this.wanted = new Promise((resolve) => {
      // Both stay installed: execa's own handler ends the process where it finds itself alone.
      const onSignal = (name: NodeJS.Signals) => {
        if (this.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143);
        this.exitCode = name === 'SIGINT' ? 130 : 0;
        this.#controller.abort(new Fault('CANCELLED', {}));
        resolve();
      };
      process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
    });
  }
}
