// A strict reader of Prometheus' text format 0.0.4: whatever the format does not promise is an error.

import assert from 'node:assert/strict';

interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface Family {
  type: 'counter' | 'gauge' | 'histogram';
  help: string;
  samples: Sample[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const HELP = new RegExp(`^# HELP (${NAME}) (.+)$`);
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (\\S+)$`);
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?(?:e[+-]?\d+)?|Inf)$|^NaN$/;

export function readPrometheusText(text: string): Map<string, Family> {
  assert.ok(text.endsWith('\n'), 'the last line ends');
  const families = new Map<string, Family>();
  let open: { name: string; family: Family } | null = null;
  const lines = text.slice(0, -1).split('\n');
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    const help = HELP.exec(line);
    if (help !== null) {
      const [, name = '', sentence = ''] = help;
      assert.ok(!families.has(name), `${name} comes once`);
      const type = TYPE.exec(lines[index + 1] ?? '');
      assert.equal(type?.[1], name, 'the type follows the help');
      open = { name, family: { type: type[2] as Family['type'], help: sentence, samples: [] } };
      families.set(name, open.family);
    } else if (!line.startsWith('# TYPE ')) {
      assert.ok(open, line);
      open.family.samples.push(readSample(line, open.name));
    }
  }
  for (const [name, family] of families) checkFamily(name, family);
  return families;
}

function readSample(line: string, family: string): Sample {
  const match = SAMPLE.exec(line);
  assert.ok(match, `not a sample: ${line}`);
  const [, name = '', labelText = '', value = ''] = match;
  assert.match(name, new RegExp(`^${family}(?:_bucket|_sum|_count)?$`), 'a sample stands below its own type');
  assert.match(value, NUMBER);
  const labels: Record<string, string> = {};
  for (const [, label = '', content = ''] of labelText.matchAll(/([^=,]+)="((?:[^"\\]|\\.)*)"/g)) {
    assert.ok(!(label in labels), `${label} comes once`);
    labels[label] = content.replace(/\\(.)/g, (_all, escaped: string) => (escaped === 'n' ? '\n' : escaped));
  }
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) };
}

function checkFamily(name: string, { type, samples }: Family): void {
  const keys = samples.map((sample) => JSON.stringify([sample.name, Object.entries(sample.labels).sort()]));
  assert.equal(new Set(keys).size, keys.length, `${name} has no sample twice`);
  if (type === 'counter') {
    assert.match(name, /_total$/);
    assert.ok(
      samples.every(({ value }) => value >= 0),
      `${name} has no negative sums`,
    );
  }
  if (type === 'histogram') checkHistogram(name, samples);
  else assert.ok(samples.every((sample) => sample.name === name));
}

// Each set of labels, the bound left out, is a histogram of its own.
function checkHistogram(name: string, samples: readonly Sample[]): void {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const own = Object.entries(sample.labels).filter(([label]) => label !== 'le');
    const key = JSON.stringify(own.sort());
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  for (const group of groups.values()) checkOneHistogram(name, group);
}

function checkOneHistogram(name: string, samples: readonly Sample[]): void {
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
  const bounds = buckets.map(({ labels }) => Number(labels['le']?.replace('Inf', 'Infinity')));
  assert.deepEqual(
    bounds,
    bounds.toSorted((a, b) => a - b),
  );
  assert.equal(bounds.at(-1), Infinity);
  assert.ok(buckets.every(({ value }, index) => value >= (buckets[index - 1]?.value ?? 0)));
  assert.equal(samples.find((sample) => sample.name === `${name}_count`)?.value, buckets.at(-1)?.value);
  assert.ok(samples.some((sample) => sample.name === `${name}_sum`));
}
