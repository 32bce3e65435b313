// The thread around runTask: gets its task at birth, reports bytes as numbers and a failure as a wire fault, then ends.

import { parentPort, workerData } from 'node:worker_threads';

import { faultFrom } from '../faults.ts';
import { runTask, stop, type TranscodeTask } from './transcode.ts';

const task = workerData as TranscodeTask;
try {
  runTask(task, (bytes) => parentPort?.postMessage(bytes));
} catch (error) {
  stop(task.control);
  parentPort?.postMessage(faultFrom(error).toWire());
}
