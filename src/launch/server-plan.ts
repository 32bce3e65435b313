// Owns the way from launch settings to what the HTTP server is opened with. Pure; certificates are read by the server.
import { type JsonValue, optionsOf, type Settings } from '../config/options.ts';
import { Fault } from '../faults.ts';
import type { ConnectionLimits } from '../server/connections.ts';
import type { MetricsShape } from '../server/metrics.ts';
import type { ServerOptions } from '../server/server.ts';
import { checkRising, planTokenBuckets } from './buckets.ts';

type LaunchSettings = Settings<'launch'>;

/** All but the model and the log. Faults: BAD_OPTION. */
export function planServer(settings: LaunchSettings, version: string): Omit<ServerOptions, 'model' | 'log'> {
  return {
    host: settings.host,
    port: settings.port,
    settings: { ...publicSettings(settings), version },
    keys: { api: settings.apiKey, admin: settings.adminApiKey },
    tls: planTls(settings),
    rootPath: planRootPath(settings.rootPath),
    limits: planLimits(settings),
    requestDeadlineMs:
      settings.requestDeadlineSeconds === null ? null : settings.requestDeadlineSeconds * 1000,
    healthTimeoutMs: settings.healthTimeoutSeconds * 1000,
    provesHealth: settings.provesHealth,
    quietPaths: settings.quietPaths ?? [],
    requestLog: planRequestLog(settings),
    ui: !settings.disableUi,
    openApi: !settings.disableOpenApi,
    metrics: settings.enableMetrics && planMetrics(settings),
  };
}

/** In SGLang's names: `--tp-size` is `tp_size`. What is marked as a secret stays out. */
export function publicSettings(settings: LaunchSettings): Record<string, unknown> {
  const shown = optionsOf('launch').filter(({ row }) => row.class === undefined && row.secret !== true);
  return Object.fromEntries(
    shown.map(({ name, row }) => [row.flag.replaceAll('-', '_'), settings[name as keyof LaunchSettings]]),
  );
}

function planLimits(settings: LaunchSettings): Partial<ConnectionLimits> {
  return {
    headMs: settings.headerTimeoutSeconds * 1000,
    requestMs: settings.bodyTimeoutSeconds * 1000,
    stallMs: settings.sendTimeoutSeconds * 1000,
    answerBytesPerSecond: settings.minSendRate,
    idleMs: settings.keepAliveSeconds * 1000,
    headBytes: settings.maxHeaderBytes,
    bodyBytes: settings.maxBodyBytes,
  };
}

function planTls(settings: LaunchSettings): NonNullable<ServerOptions['tls']> | null {
  const { tlsKeyFile, tlsCertificateFile, tlsAuthoritiesFile, tlsKeyPassword, refreshTls } = settings;
  if (tlsKeyFile !== null && tlsCertificateFile !== null)
    return {
      keyFile: tlsKeyFile,
      certificateFile: tlsCertificateFile,
      authoritiesFile: tlsAuthoritiesFile,
      keyPassword: tlsKeyPassword,
      refresh: refreshTls,
    };
  const given = Object.entries({
    '--ssl-keyfile': tlsKeyFile !== null,
    '--ssl-certfile': tlsCertificateFile !== null,
    '--ssl-ca-certs': tlsAuthoritiesFile !== null,
    '--ssl-keyfile-password': tlsKeyPassword !== null,
    '--enable-ssl-refresh': refreshTls,
  }).find(([, isGiven]) => isGiven);
  if (given === undefined) return null;
  const problem = 'HTTPS needs both --ssl-keyfile and --ssl-certfile';
  throw new Fault('BAD_OPTION', { option: given[0], problem, hint: 'give both, or neither for HTTP' });
}

function planRootPath(path: string | null): string {
  const trimmed = (path ?? '').replace(/\/+$/, '');
  if (trimmed === '' || trimmed.startsWith('/')) return trimmed;
  const problem = `${JSON.stringify(path)} does not begin with a slash`;
  throw new Fault('BAD_OPTION', { option: '--fastapi-root-path', problem, hint: `write /${trimmed}` });
}

function planRequestLog(settings: LaunchSettings): NonNullable<ServerOptions['requestLog']> | null {
  const { logRequests, logRequestsLevel: level, logRequestsTarget } = settings;
  const format = settings.logRequestsFormat ?? settings.logFormat;
  return logRequests ? { level, format, targets: logRequestsTarget ?? ['stdout'] } : null;
}

function planMetrics({
  extraMetricLabels,
  latencyBuckets,
  firstTokenBuckets,
  promptTokenBuckets,
  customLabels,
  customLabelsHeader,
}: LaunchSettings): MetricsShape {
  const labels = planLabels(extraMetricLabels);
  return {
    labels,
    customLabels:
      customLabels === null
        ? null
        : { header: customLabelsHeader.toLowerCase(), names: checkNames(customLabels, labels) },
    latencyBuckets:
      latencyBuckets === null ? null : checkRising('--bucket-e2e-request-latency', latencyBuckets),
    firstTokenBuckets:
      firstTokenBuckets === null ? null : checkRising('--bucket-time-to-first-token', firstTokenBuckets),
    promptTokenBuckets: promptTokenBuckets === null ? null : planTokenBuckets(promptTokenBuckets),
  };
}

/** As Prometheus wants label names; those that begin with two underscores are its own. */
const LABEL_NAME = /^(?!__)[A-Za-z_][A-Za-z0-9_]*$/;

/** Names that metrics give their own labels. */
const TAKEN = ['model_name', 'le'];

function checkNames(names: readonly string[], others: Readonly<Record<string, string>>): readonly string[] {
  const isFree = (name: string) => !TAKEN.includes(name) && !Object.hasOwn(others, name);
  const wrong = names.find((name) => !LABEL_NAME.test(name) || !isFree(name));
  if (wrong === undefined) return [...new Set(names)];
  throw new Fault('BAD_OPTION', {
    option: '--tokenizer-metrics-allowed-custom-labels',
    problem: `${JSON.stringify(wrong)} is taken, or no name of a label`,
    hint: 'write names of letters, digits and _ that no other label has',
  });
}

function planLabels(labels: JsonValue | null): Record<string, string> {
  const entries = Object.entries(labels ?? {}).map(([name, value]) => {
    if (LABEL_NAME.test(name) && typeof value === 'string') return [name, value] as const;
    const problem = `${JSON.stringify({ [name]: value as unknown })} is no label with a text`;
    const hint = `write texts under names of letters, digits and _: '{"cluster": "a"}'`;
    throw new Fault('BAD_OPTION', { option: '--extra-metric-labels', problem, hint });
  });
  return Object.fromEntries(entries);
}
