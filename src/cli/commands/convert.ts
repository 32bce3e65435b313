// `qwen-embed convert`: a Hugging Face folder to a .gguf file, with progress on a terminal.
import { basename } from 'node:path';
import type { Settings } from '../../config/options.ts';
import { convert } from '../../convert/convert.ts';
import { findModel } from '../../models/find-model.ts';
import { carryPrompts } from '../../models/prompts.ts';
import { Fault } from '../../faults.ts';
import { InterruptSignal } from '../interrupt-signal.ts';
import { StatusLine } from '../status-line.ts';
import { printNotice, printResult } from '../terminal.ts';

export async function runConvert(folder: string, settings: Settings<'convert'>): Promise<number> {
  checkFolder(folder);
  const status = new StatusLine();
  const interrupt = new InterruptSignal();
  status.show(`converting ${folder}`);
  try {
    const { outfile, outtype, sizeBytes, tensorCount } = await convert({
      modelFolder: folder,
      outtype: settings.outtype,
      ...(settings.outfile === null ? {} : { outfile: settings.outfile }),
      ...(settings.modelName === null ? {} : { modelName: settings.modelName }),
      onProgress: ({ bytesDone, bytesTotal }) => {
        status.showShare(`converting ${folder}`, bytesDone / bytesTotal);
      },
      onWarning: printNotice,
      signal: interrupt.signal,
    });
    carryPrompts(folder, outfile);
    status.clear();
    printResult(
      settings.json
        ? JSON.stringify({ outfile, outtype, sizeBytes, tensorCount })
        : `${outfile}: ${String(tensorCount)} tensors, ${outtype}, ${String(sizeBytes)} bytes`,
    );
    return 0;
  } catch (error) {
    if (interrupt.signal.aborted) return interrupt.exitCode;
    throw error;
  } finally {
    status.clear();
    interrupt.release();
  }
}

function checkFolder(path: string): void {
  const found = findModel(path);
  if (found.kind === 'gguf')
    throw new Fault('MODEL_MISSING', {
      path,
      problem: 'is a .gguf file already',
      hint: 'give a Hugging Face folder',
    });
  if (found.kind === 'hub')
    throw new Fault('MODEL_MISSING', {
      path,
      problem: 'is no folder here',
      hint: `fetch it first: qwen-embed download ${found.repo} --local-dir ./${basename(found.repo)}`,
    });
}
