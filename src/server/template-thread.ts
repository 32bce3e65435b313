// Renders a chat template in a thread of its own. A template is a program that comes with a model: it may loop for
// hours or fill memory, and here both end the thread, not the server. What it may say and see is @huggingface/jinja's
// affair; nothing of this process is among it.

import { parentPort, workerData } from 'node:worker_threads';
import { Template } from '@huggingface/jinja';

/** `problem` is the template's own sentence where it raised one. */
export type TemplateReply = { text: string } | { problem: string };

const template = new Template(workerData as string);
parentPort?.postMessage('ready');

parentPort?.on('message', (variables: Record<string, unknown>) => {
  let reply: TemplateReply;
  try {
    reply = { text: template.render(variables) };
  } catch (error) {
    reply = { problem: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(reply);
});
