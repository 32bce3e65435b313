// `qwen-embed launch`: starts a service, tells when it is ready, ends it on SIGTERM or Ctrl-C; or shows its plan.
import { setMaxListeners } from 'node:events';
import type { Settings } from '../../config/options.ts';
import { Fault } from '../../faults.ts';
import { planService } from '../../launch/plan-service.ts';
import { describePlan, renderPlan } from '../../launch/render-plan.ts';
import { requireModelPath, startService, type Progress } from '../../launch/service.ts';
import { findModel } from '../../models/find-model.ts';
import { printLog, printNotice, printReady, printResult, StatusLine } from '../terminal.ts';

/** Resolves with the exit code: 0 after SIGTERM, 130 after Ctrl-C. */
export async function runLaunch(settings: Settings<'launch'>, notice: string | null): Promise<number> {
  if (notice !== null) printNotice(notice);
  if (settings.dryRun) return showPlan(settings);
  const stop = new StopSignal();
  const status = new StatusLine();
  try {
    const service = await startService({
      settings,
      progress: showProgress(status, settings),
      signal: stop.signal,
    });
    status.clear();
    const workers = service.attempt.workers.length;
    printReady(
      `${service.modelName} on ${service.attempt.reason}, ${String(workers)} worker${workers === 1 ? '' : 's'}:`,
      service.url,
    );
    // SGLang's line that scripts wait for, to the letter.
    printLog(settings.logLevel, 'info', 'The server is fired up and ready to roll!', {});
    await stop.wanted;
    status.show('finishing requests in flight');
    await service.close();
  } catch (error) {
    if (!stop.signal.aborted || !(error instanceof Fault)) throw error;
  } finally {
    status.clear();
  }
  return stop.exitCode;
}

/** Prints what a launch would do. */
async function showPlan(settings: Settings<'launch'>): Promise<number> {
  const plan = await planService(settings, findModel(requireModelPath(settings)));
  printResult(settings.json ? JSON.stringify(describePlan(plan)) : renderPlan(plan, settings));
  return 0;
}

function showProgress(status: StatusLine, settings: Settings<'launch'>): Progress {
  let step = '';
  return {
    onStep: (text) => {
      step = text;
      status.show(text);
    },
    onConversion: ({ bytesDone, bytesTotal }) => {
      status.showShare(step, bytesDone / bytesTotal);
    },
    log: (level, message, fields) => {
      status.clear();
      printLog(settings.logLevel, level, message, fields);
    },
    // A line per request is for whoever asks for it.
    logHttp: (level, message, fields) => {
      status.clear();
      if (settings.logLevelHttp !== null) printLog(settings.logLevelHttp, level, message, fields);
      else printLog(settings.logLevel, 'debug', message, fields);
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
        this.#controller.abort();
        resolve();
      };
      process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
    });
  }
}
