// Pictures of commands as a terminal shows them: run under util-linux' `script`, which gives them a terminal, and drawn
// by xterm.js in the browser, which knows what colours, spinners and erased lines become.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';

const XTERM = {
  style: fileURLToPath(import.meta.resolve('@xterm/xterm/css/xterm.css')),
  script: fileURLToPath(import.meta.resolve('@xterm/xterm/lib/xterm.js')),
};

const COLUMNS = 104;

const THEME = {
  background: '#141a19',
  foreground: '#e7ecea',
  cursor: '#141a19',
  green: '#5fcfa5',
  cyan: '#4fc4b3',
  yellow: '#e3c37a',
  red: '#f0937c',
};

export interface Session {
  /** What the reader would type. */
  shown: string;
  /** What is run. */
  command: readonly string[];
  /** The last line to see; null = until the command ends by itself. */
  until: RegExp | null;
}

/** Everything that the command wrote to its terminal. */
export async function recordSession({ shown, command, until }: Session): Promise<string> {
  const quoted = command.map((part) => `'${part.replaceAll("'", `'\\''`)}'`).join(' ');
  const line = `stty cols ${String(COLUMNS)} rows 40; exec ${quoted}`;
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm-256color' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const part of child.stdout.setEncoding('utf8')) {
    output += String(part);
    const last = until?.exec(output);
    if (last == null) continue;
    output = output.slice(0, last.index + last[0].length);
    child.kill('SIGTERM');
    break;
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return `$ ${shown}\r\n${output.trimEnd()}`;
}

export async function drawSession(browser: Browser, output: string, path: string): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1100, height: 1000 } });
  await page.setContent(`<style>${readFileSync(XTERM.style, 'utf8')}
    body { margin: 0; background: ${THEME.background} }
    #terminal { display: inline-block; padding: 18px 22px; background: ${THEME.background} }
    .xterm-viewport { overflow: hidden !important }</style><div id="terminal"></div>`);
  await page.addScriptTag({ path: XTERM.script });
  const options = {
    cols: COLUMNS,
    theme: THEME,
    fontSize: 14,
    // At 1 the underscores of most fonts are cut off.
    lineHeight: 1.25,
    fontFamily: 'DejaVu Sans Mono, monospace',
    cursorInactiveStyle: 'none',
  };
  await page.evaluate(`new Promise((done) => {
    const options = ${JSON.stringify(options)};
    const text = ${JSON.stringify(output)};
    const measured = new Terminal({ ...options, rows: 200 });
    measured.open(document.querySelector('#terminal'));
    measured.write(text, () => {
      measured.resize(options.cols, measured.buffer.active.cursorY + 1);
      requestAnimationFrame(() => requestAnimationFrame(done));
    });
  })`);
  await page.locator('#terminal').screenshot({ path });
  await page.close();
}
