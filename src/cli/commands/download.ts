// `qwen-embed download`: a repository's files into the hub's cache or a folder, with progress; or what would be fetched.
// The first Ctrl-C stops in a state that the next run goes on from.
import type { Settings } from '../../config/options.ts';
import type { DownloadEvent } from '../../download/contract.ts';
import { openHub } from '../../download/open-hub.ts';
import { carryOutDownload, planRepoDownload } from '../../models/download-repo.ts';
import { readPlaces } from '../../models/places.ts';
import { refineReference } from '../../models/reference.ts';
import { DownloadDisplay } from '../download-display.ts';
import { InterruptSignal } from '../interrupt-signal.ts';
import { describeDownload, renderDownload } from '../render-download.ts';
import { StatusLine } from '../status-line.ts';
import { printLine, printNotice, printResult } from '../terminal.ts';

type DownloadSettings = Settings<'download'>;

export async function runDownload(repo: string, settings: DownloadSettings): Promise<number> {
  const reference = refineReference(repo, settings);
  const interrupt = new InterruptSignal();
  const { signal } = interrupt;
  const status = new StatusLine();
  const display = new DownloadDisplay(status, reference.repo);
  const { hubSettings, cacheFolder } = readPlaces(settings);
  const hub = await openHub(hubSettings);
  try {
    status.show(`asking for the files of ${reference.repo}`);
    const plan = await planRepoDownload(hub, { reference, ...settings }, signal);
    status.clear();
    if (plan.listing.notice !== null) printNotice(plan.listing.notice);
    if (settings.dryRun) {
      printResult(settings.json ? JSON.stringify(describeDownload(plan)) : renderDownload(plan));
      return 0;
    }
    const report = settings.json ? printEvent : display.report.bind(display);
    const { folder } = await carryOutDownload({ hub, plan }, { reference, cacheFolder }, { report, signal });
    status.clear();
    if (!settings.json) printResult(folder);
    return 0;
  } catch (error) {
    status.clear();
    if (!signal.aborted) throw error;
    printLine(display.describeInterruption() ?? 'interrupted');
    return interrupt.exitCode;
  } finally {
    status.clear();
    interrupt.release();
    await hub.close();
  }
}

function printEvent(event: DownloadEvent): void {
  printResult(JSON.stringify(event));
}
