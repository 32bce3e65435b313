// The thread around runTask: waits for its task, reports bytes as numbers and a failure as a wire fault, then ends.

import { parentPort } from 'node:worker_threads';

import { faultFrom } from '../faults.ts';
import { runTask, stop, type TranscodeTask } from './transcode.ts';

parentPort?.once('message', (task: TranscodeTask) => {
  try {
    runTask(task, (bytes) => parentPort?.postMessage(bytes));
  } catch (error) {
    stop(task.control);
    parentPort?.postMessage(faultFrom(error).toWire());
  }
});
