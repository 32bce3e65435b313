// A server for the time of one command, on a free port of this machine, for whoever has none running.
import { defaultsOf, type Settings } from '../config/options.ts';
import { startService } from '../launch/service.ts';
import { DownloadProgress } from './download-progress.ts';
import type { JobDisplay } from './job-display.ts';

export interface OwnServer {
  url: string;
  close(): Promise<void>;
}

/** Options that `embed` has too go on to the server; all others are those of a plain `launch`. */
export async function openOwnServer(
  settings: Settings<'embed'>,
  display: JobDisplay,
  signal: AbortSignal,
): Promise<OwnServer> {
  const { modelPath, device, outtype, cacheFolder } = settings;
  const own = { modelPath, device, outtype, cacheFolder, port: 0 };
  const download = new DownloadProgress();
  return startService({
    settings: { ...defaultsOf('launch'), ...own },
    progress: {
      onStep: (step) => {
        display.showStep(step);
      },
      onConversion: () => undefined,
      onDownload: (event) => {
        download.take(event, performance.now());
        display.showStep(`fetching ${String(modelPath)}: ${download.renderLine()}`);
      },
      log: (level, message) => {
        if (level === 'warn' || level === 'error') display.showWarning(message);
      },
      logHttp: () => undefined,
    },
    signal,
  });
}
