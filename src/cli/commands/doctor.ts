// `qwen-embed doctor`: what is wrong with this machine, and what launch would do here: exit 0 = nothing, 1 = something.
import type { Settings } from '../../config/options.ts';
import { examine, type Examined } from '../../doctor/checks.ts';
import type { SettingSource } from '../commands.ts';
import { renderColumns } from '../columns.ts';
import { StatusLine } from '../status-line.ts';
import { printResult } from '../terminal.ts';

export async function runDoctor(
  settings: Settings<'doctor'>,
  sources: readonly SettingSource[],
): Promise<number> {
  const status = new StatusLine();
  const examined = await examine({ settings, env: process.env }, (check) => {
    status.show(`looking at ${check}`);
  });
  status.clear();
  const healthy = examined.every(({ state }) => state !== 'problem');
  printResult(
    settings.json
      ? JSON.stringify({ healthy, checks: examined, settings: sources })
      : [...renderChecks(examined), '', ...renderSources(sources), '', renderVerdict(examined)].join('\n'),
  );
  return healthy ? 0 : 1;
}

function renderChecks(examined: readonly Examined[]): string[] {
  return renderColumns(
    examined.flatMap(({ state, check, found, advice }) => [
      [state, check, found],
      ...(advice === null ? [] : [['', '', `-> ${advice}`]]),
    ]),
  );
}

function renderSources(sources: readonly SettingSource[]): string[] {
  return renderColumns(sources.map(({ flag, value, source }) => [flag, source, value]));
}

function renderVerdict(examined: readonly Examined[]): string {
  const count = (state: Examined['state']) => examined.filter((one) => one.state === state).length;
  const counted = (state: 'problem' | 'warning') =>
    `${String(count(state))} ${state}${count(state) === 1 ? '' : 's'}`;
  return `${counted('problem')}, ${counted('warning')}`;
}
