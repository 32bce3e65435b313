// `qwen-embed launch`: starts a service, tells when it is ready, ends it on SIGTERM or Ctrl-C; or shows its plan.
import { judgeEnvironment } from '../../config/environment.ts';
import type { Settings } from '../../config/options.ts';
import { Fault } from '../../faults.ts';
import type { Progress } from '../../launch/open-model.ts';
import { startService, type Service } from '../../launch/service.ts';
import type { LogLevel } from '../../log.ts';
import { DownloadDisplay } from '../download-display.ts';
import { InterruptSignal } from '../interrupt-signal.ts';
import { LaunchSteps, renderService } from '../launch-display.ts';
import { StatusLine } from '../status-line.ts';
import {
  isShown,
  type LogEntry,
  printLine,
  printLog,
  printNotice,
  printReady,
  speakJson,
} from '../terminal.ts';
import { showPlan } from './launch-plan.ts';

type LaunchSettings = Settings<'launch'>;

/** Resolves with the exit code: 0 after SIGTERM, 130 after Ctrl-C. */
export async function runLaunch(settings: LaunchSettings, notice: string | null): Promise<number> {
  if (settings.logFormat === 'json') speakJson();
  for (const text of [notice, judgeEnvironment(process.env)]) if (text !== null) printNotice(text);
  if (settings.dryRun) return showPlan(settings);
  const interrupt = new InterruptSignal({ sigtermExitCode: 0 });
  const status = new StatusLine();
  const download = new DownloadDisplay(status, settings.modelPath ?? '');
  const steps = new LaunchSteps(status);
  try {
    const service = await startService({
      settings,
      progress: showProgress({ status, download, steps }, settings),
      signal: interrupt.signal,
    });
    steps.end();
    if (status.isLive) printLine(renderService(service));
    announce(service, settings);
    const failure = await Promise.race([interrupt.wanted, service.givenUp]);
    if (failure !== undefined) await endFailed(failure, { service, interrupt, settings });
    status.show('finishing requests in flight');
    await service.close();
  } catch (error) {
    if (!interrupt.signal.aborted || !(error instanceof Fault)) throw error;
    status.clear();
    const interruption = download.describeInterruption();
    if (interruption !== null) printLine(interruption);
  } finally {
    status.clear();
  }
  return interrupt.exitCode;
}

// Whoever looks after the process starts another; whoever looks after nothing sees why it ended.
async function endFailed(
  failure: Fault,
  {
    service,
    interrupt,
    settings,
  }: { service: Service; interrupt: InterruptSignal; settings: LaunchSettings },
): Promise<void> {
  if (settings.staysWhenFailed) return interrupt.wanted;
  await service.close();
  throw failure;
}

function announce({ modelName, attempt, url }: Service, settings: LaunchSettings): void {
  const count = attempt.workers.length;
  const workers = `${String(count)} worker${count === 1 ? '' : 's'}`;
  printReady(`${modelName} on ${attempt.reason}, ${workers}:`, url);
  // SGLang's line that scripts wait for, to the letter.
  const message = 'The server is fired up and ready to roll!';
  writeLog(settings.logLevel, { level: 'info', message, fields: {} });
}

/** Prints a line if `least` lets it pass. */
function writeLog(least: LogLevel, entry: LogEntry): void {
  if (isShown(entry.level, least)) printLog(entry);
}

function showProgress(
  { status, download, steps }: { status: StatusLine; download: DownloadDisplay; steps: LaunchSteps },
  settings: LaunchSettings,
): Progress {
  let step = '';
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
      writeLog(settings.logLevel, { level, message, fields });
    },
    // A line per request is for whoever asks for it.
    logHttp: (level, message, fields) => {
      status.clear();
      if (settings.logLevelHttp !== null) writeLog(settings.logLevelHttp, { level, message, fields });
      else writeLog(settings.logLevel, { level: 'debug', message, fields });
    },
  };
}
