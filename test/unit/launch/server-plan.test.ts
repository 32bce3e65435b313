import assert from 'node:assert/strict';
import { test } from 'node:test';
import { optionsOf, type Settings } from '../../../src/config/options.ts';
import { planServer, publicSettings } from '../../../src/launch/server-plan.ts';

type LaunchSettings = Settings<'launch'>;

const OWN = optionsOf('launch').filter(({ row }) => row.class === undefined);
const DEFAULTS = Object.fromEntries(
  OWN.map(({ name, row }) => [name, row.default]),
) as unknown as LaunchSettings;

const plan = (settings: Partial<LaunchSettings>) => planServer({ ...DEFAULTS, ...settings }, '1.2.3');

function assertRefused(settings: Partial<LaunchSettings>, option: string, problem: RegExp): void {
  assert.throws(
    () => plan(settings),
    (error: { code: string; params: { option: string }; message: string }) => {
      assert.deepEqual([error.code, error.params.option], ['BAD_OPTION', option]);
      assert.match(error.message, problem);
      return true;
    },
  );
}

test("/server_info has SGLang's names for the settings, and the version", () => {
  const { settings } = plan({ modelPath: '/m', tensorParallel: 2 });
  assert.deepEqual(
    [settings?.['model_path'], settings?.['tp_size'], settings?.['version']],
    ['/m', 2, '1.2.3'],
  );
});

test('no secret is among the public settings, whatever its value', () => {
  const secrets = OWN.filter(({ row }) => row.secret === true);
  const values = Object.fromEntries(secrets.map(({ name }) => [name, 'S3CRET'])) as Partial<LaunchSettings>;
  assert.deepEqual(
    secrets.map(({ row }) => row.flag).filter((flag) => /key|password/.test(flag)),
    ['api-key', 'admin-api-key', 'ssl-keyfile-password'],
  );
  assert.ok(!JSON.stringify(publicSettings({ ...DEFAULTS, ...values })).includes('S3CRET'));
});

test('what sounds like a secret is marked as one, unless it is a file', () => {
  const open = OWN.filter(
    ({ row }) => /key|password|secret|credential/.test(row.flag) && row.secret !== true,
  );
  assert.deepEqual(
    open.map(({ row }) => row.flag),
    ['ssl-keyfile'],
  );
});

test('seconds become milliseconds and a root path loses its last slash', () => {
  const { limits, healthTimeoutMs, rootPath } = plan({
    ...{ keepAliveSeconds: 5, healthTimeoutSeconds: 0.5, rootPath: '/a/b/' },
  });
  assert.deepEqual([limits?.idleMs, healthTimeoutMs, rootPath], [5000, 500, '/a/b']);
});

test('the document and the proof of /health are as launched', () => {
  const shown = ({ openApi, provesHealth }: ReturnType<typeof plan>) => ({ openApi, provesHealth });
  assert.deepEqual(shown(plan({})), { openApi: true, provesHealth: false });
  const changed = plan({ disableOpenApi: true, provesHealth: true });
  assert.deepEqual(shown(changed), { openApi: false, provesHealth: true });
});

test('a root path begins with a slash', () => {
  assertRefused({ rootPath: 'a' }, '--fastapi-root-path', /does not begin with a slash$/);
});

test('HTTPS takes both files, and each option of it alone is refused', () => {
  const { tls } = plan({ tlsKeyFile: 'k', tlsCertificateFile: 'c', refreshTls: true });
  assert.deepEqual(tls, {
    ...{ keyFile: 'k', certificateFile: 'c', authoritiesFile: null, keyPassword: null, refresh: true },
  });
  assert.equal(plan({}).tls, null);
  for (const [settings, option] of [
    [{ tlsKeyFile: 'k' }, '--ssl-keyfile'],
    [{ tlsCertificateFile: 'c' }, '--ssl-certfile'],
    [{ tlsAuthoritiesFile: 'a' }, '--ssl-ca-certs'],
    [{ tlsKeyPassword: 'p' }, '--ssl-keyfile-password'],
    [{ refreshTls: true }, '--enable-ssl-refresh'],
  ] as const) {
    assertRefused(settings, option, /HTTPS needs both/);
  }
});

test('requests are logged to stdout unless folders are named', () => {
  assert.equal(plan({}).requestLog, null);
  assert.deepEqual(plan({ logRequests: true }).requestLog, { level: 2, format: 'text', targets: ['stdout'] });
  const named = plan({
    logRequests: true,
    logRequestsTarget: ['stdout', '/var/log'],
    logRequestsFormat: 'json',
  });
  assert.deepEqual(named.requestLog, { level: 2, format: 'json', targets: ['stdout', '/var/log'] });
});

const metricsOf = (settings: Partial<LaunchSettings>) => plan({ enableMetrics: true, ...settings }).metrics;

test('there are pages for browsers unless --disable-ui takes them away', () => {
  assert.deepEqual([plan({}).ui, plan({ disableUi: true }).ui], [true, false]);
});

test('metrics are there only when they are asked for, with labels and bounds of the command line', () => {
  assert.equal(plan({ extraMetricLabels: { a: 'b' } }).metrics, false);
  assert.deepEqual(metricsOf({ extraMetricLabels: { team: 'a' }, latencyBuckets: [0.1, 1] }), {
    ...{ labels: { team: 'a' }, latencyBuckets: [0.1, 1], firstTokenBuckets: null, promptTokenBuckets: null },
    customLabels: null,
  });
});

test('labels that senders may say have names of their own, under a header in lower case', () => {
  const shape = metricsOf({ customLabels: ['team', 'team'], customLabelsHeader: 'X-Labels' });
  assert.deepEqual(typeof shape === 'object' && shape.customLabels, { header: 'x-labels', names: ['team'] });
  const flag = '--tokenizer-metrics-allowed-custom-labels';
  for (const wrong of ['le', 'model_name', 'a-b', 'mine'])
    assertRefused(
      { enableMetrics: true, extraMetricLabels: { mine: 'x' }, customLabels: [wrong] },
      flag,
      /is taken, or no name of a label$/,
    );
});

for (const [rule, bounds] of [
  [['default'], null],
  [
    ['custom', '10', '20.5'],
    [10, 20.5],
  ],
  [
    ['tse', '1000', '2', '8'],
    [984, 992, 996, 998, 1000, 1002, 1004, 1008, 1016],
  ],
  [
    ['tse', '3', '2', '4'],
    [0, 1, 3, 5, 7],
  ],
] as const) {
  test(`--prompt-tokens-buckets ${rule.join(' ')} is the bounds ${String(bounds)}`, () => {
    const metrics = metricsOf({ promptTokenBuckets: rule });
    assert.deepEqual(typeof metrics === 'object' && metrics.promptTokenBuckets, bounds);
  });
}

for (const rule of [
  ['tse', '1', '2'],
  ['tse', '1', '1', '4'],
  ['custom'],
  ['custom', 'x'],
  ['default', '1'],
  ['x'],
]) {
  test(`--prompt-tokens-buckets ${rule.join(' ')} is refused`, () => {
    assertRefused(
      { enableMetrics: true, promptTokenBuckets: rule },
      '--prompt-tokens-buckets',
      /is no rule$/,
    );
  });
}

test('bounds must rise, and labels have names and texts that Prometheus takes', () => {
  const on = { enableMetrics: true };
  assertRefused({ ...on, latencyBuckets: [1, 1] }, '--bucket-e2e-request-latency', /do not rise$/);
  assertRefused({ ...on, firstTokenBuckets: [2, 1] }, '--bucket-time-to-first-token', /do not rise$/);
  assertRefused(
    { ...on, promptTokenBuckets: ['custom', '2', '1'] },
    '--prompt-tokens-buckets',
    /do not rise$/,
  );
  for (const labels of [{ 'a-b': 'c' }, { __a: 'b' }, { a: 1 }]) {
    assertRefused({ ...on, extraMetricLabels: labels }, '--extra-metric-labels', /is no label with a text$/);
  }
});

test('a deadline is told to the server in milliseconds, and is none unless asked for', () => {
  assert.equal(plan({}).requestDeadlineMs, null);
  assert.equal(plan({ requestDeadlineSeconds: 2.5 }).requestDeadlineMs, 2500);
});
