// `qwen-embed bench` as users run it, against our own server with an embedder that has no model.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Fault } from '../../src/faults.ts';
import { openServer } from '../../src/server/server.ts';
import { FakeEmbedder } from '../fixtures/fake-embedder.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';

const BIN = fileURLToPath(new URL('../../../bin/qwen-embed.js', import.meta.url));

async function serveFake(t: TestContext, embedder = new FakeEmbedder(), metrics = false) {
  const model = { id: 'fake', createdUnixSeconds: 1_700_000_000 };
  const server = await openServer({ host: '127.0.0.1', port: 0, model, metrics });
  t.after(() => server.close({ graceMs: 0 }));
  server.serve(embedder);
  return { url: server.url, embedder };
}

/** A server that is not ours. */
async function serveOther(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

interface Run {
  exitCode: number;
  stdout: string;
  stderr: string;
}

function bench(...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [BIN, 'bench', ...args], (_error, stdout, stderr) => {
      resolve({ exitCode: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

interface Report {
  command: string;
  machine: { node: string };
  servers: { url: string; modelId: string; dimensions: number; encodingFormat: string }[];
  cosine?: number;
  notes: string[];
  interrupted: boolean;
  legs: {
    title: string;
    ratio: { textsPerSecond: { median: number } } | null;
    servers: {
      stages: { stage: string; seconds: number; share: number | null }[] | null;
      summary: {
        texts: number;
        requests: number;
        failures: number;
        textsPerSecond: { median: number } | null;
      };
      rounds: {
        end: string;
        tokens: number;
        retries: number;
        errors: { status: number | null; code: string; count: number }[];
        arrivals: { perSecond: number } | null;
        latencyMs: { p95: number } | null;
      }[];
    }[];
  }[];
}

async function benchJson(...args: string[]): Promise<{ exitCode: number; report: Report }> {
  const { exitCode, stdout, stderr } = await bench(...args, '--json');
  assert.match(stdout, /^\{.*\}\n$/, stderr);
  return { exitCode, report: JSON.parse(stdout) as Report };
}

const firstRound = (report: Report) => report.legs[0]?.servers[0]?.rounds[0];

test('every text is sent once, in batches of which the last is smaller, and counted once', async (t) => {
  const { url, embedder } = await serveFake(t);
  const args = ['--url', url, '-n', '100', '-b', '8', '-c', '3', '--repeat', '2', '--send', 'ids'];
  const { exitCode, report } = await benchJson(...args, '--warm-up', '0', '--text-tokens', '9', '--check');
  assert.equal(exitCode, 0);
  const [server] = report.legs[0]?.servers ?? [];
  assert.deepEqual([server?.summary.texts, server?.summary.requests, server?.summary.failures], [200, 26, 0]);
  // The fake counts ids and the end.
  assert.deepEqual(
    server?.rounds.map(({ tokens, end }) => [tokens, end]),
    [
      [1000, 'texts'],
      [1000, 'texts'],
    ],
  );
  const [probe, ...loads] = embedder.calls.map(({ inputs }) => inputs);
  assert.equal(probe?.length, 1);
  assert.equal(loads.length, 26);
  assert.equal(loads.flat().length, 200);
  assert.equal(new Set(loads.flat().map(String)).size, 200, 'texts repeat');
  assert.deepEqual(report.servers, [
    {
      url: `${url}/v1/embeddings`,
      modelId: 'fake',
      dimensions: 64,
      encodingFormat: 'base64',
      probeTokens: 5,
    },
  ]);
  assert.equal(report.machine.node, process.version);
  assert.match(report.command, /^qwen-embed bench --url=http:\S+ --texts=100 --batch-size=8 /);
});

test('a server with metrics says where its time went, warm-up left out', async (t) => {
  const embedder = new FakeEmbedder();
  const embed = embedder.embed.bind(embedder);
  embedder.embed = (inputs, options) => {
    embedder.done.stageSeconds.decode += inputs.length;
    return embed(inputs, options);
  };
  const { url } = await serveFake(t, embedder, true);
  const { report } = await benchJson('--url', url, '-n', '20', '--repeat', '2', '--warm-up', '3');
  const stages = report.legs[0]?.servers[0]?.stages;
  assert.deepEqual(
    stages?.map(({ stage }) => stage),
    ['parse', 'tokenise', 'queue', 'look-up', 'decode', 'read', 'encode'],
  );
  assert.equal(stages.find(({ stage }) => stage === 'decode')?.seconds, 40);
});

test('the classic test has three legs', async (t) => {
  const { url } = await serveFake(t);
  const { report } = await benchJson('--url', url, '--preset', 'classic', '-n', '300');
  assert.deepEqual(
    report.legs.map(({ title, servers: [server] }) => [
      title,
      server?.summary.texts,
      server?.summary.requests,
    ]),
    [
      ['single calls', 300, 300],
      ['batches of 2,048', 300, 1],
      ['16 in flight', 300, 300],
    ],
  );
});

test('an open loop keeps its rate, and a server that stalls does not hide its queue', async (t) => {
  const { url, embedder } = await serveFake(t);
  const push = embedder.calls.push.bind(embedder.calls);
  embedder.calls.push = (call) => {
    // The first call is the probe; the gate closes for half a second when the first arrival is in.
    if (push(call) === 2) setTimeout(embedder.hold(), 500);
    return embedder.calls.length;
  };
  const args = ['--url', url, '--rate', '100', '--duration', '0.8', '--repeat', '1', '--warm-up', '0'];
  const { exitCode, report } = await benchJson(...args);
  const round = firstRound(report);
  assert.equal(exitCode, 0);
  assert.equal(round?.end, 'time');
  // Poisson with 100 arrivals: a standard deviation of 10 %; the seed is fixed, the rest is the machine's.
  const perSecond = round.arrivals?.perSecond ?? 0;
  assert.ok(perSecond > 75 && perSecond < 125, String(perSecond));
  // Half of the arrivals met the closed gate, and waited 250 ms on average.
  const p95 = round.latencyMs?.p95 ?? 0;
  assert.ok(p95 > 300, String(p95));
});

test('errors are counted by status and code, and the exit code says that there were some', async (t) => {
  const { url, embedder } = await serveFake(t);
  const push = embedder.calls.push.bind(embedder.calls);
  embedder.calls.push = (call) => {
    const failures = [new Fault('STOPPING', {}), new Fault('STOPPING', {})];
    if (push(call) === 2) embedder.failNext(...failures, new Fault('ENGINE_FAILED', { problem: 'x' }));
    return embedder.calls.length;
  };
  const args = ['--url', url, '-n', '20', '-c', '1', '--repeat', '1', '--warm-up', '0'];
  const { exitCode, report } = await benchJson(...args);
  assert.equal(exitCode, 1);
  assert.equal(report.legs[0]?.servers[0]?.summary.texts, 17);
  assert.deepEqual(firstRound(report)?.errors, [
    { status: 503, code: 'stopping', count: 2 },
    { status: 500, code: 'engine_failed', count: 1 },
  ]);
});

test('with --retry, 429 is sent again after the time that the server says, and 500 is not', async (t) => {
  const statuses = [200, 200, 404, 429, 429, 500];
  const url = await serveOther(t, (request, response) => {
    // The first three are the list of models, the probe and the metrics, which it does not have.
    response.statusCode = statuses.shift() ?? 200;
    if (response.statusCode === 429) response.setHeader('retry-after', '0.05');
    const answer = response.statusCode === 200 ? { data: [{ embedding: [1] }] } : { error: { code: 'no' } };
    request.resume().on('end', () => response.end(JSON.stringify(answer)));
  });
  const args = ['--url', url, '-n', '5', '-c', '1', '--repeat', '1', '--warm-up', '0'];
  const { exitCode, report } = await benchJson(...args, '--retry');
  assert.equal(exitCode, 1);
  assert.equal(report.legs[0]?.servers[0]?.summary.texts, 4);
  assert.equal(firstRound(report)?.retries, 2);
  assert.deepEqual(firstRound(report)?.errors, [{ status: 500, code: 'no', count: 1 }]);
});

test('a server that answers too few vectors, or none of unit length, is found out', async (t) => {
  const answer = (embeddings: number[][]) =>
    JSON.stringify({ data: embeddings.map((embedding, index) => ({ index, embedding })) });
  const url = await serveOther(t, (request, response) => {
    request.resume().on('end', () => response.end(answer([[3, 4]])));
  });
  const args = ['--url', url, '-n', '8', '--repeat', '1', '--warm-up', '0'];
  const [few, long] = await Promise.all([benchJson(...args, '-b', '2'), benchJson(...args, '--check')]);
  assert.deepEqual([few.exitCode, long.exitCode], [1, 1]);
  assert.deepEqual(firstRound(few.report)?.errors, [{ status: 200, code: 'wrong_count', count: 4 }]);
  assert.deepEqual(firstRound(long.report)?.errors, [{ status: 200, code: 'not_unit_length', count: 8 }]);
  assert.equal(firstRound(few.report)?.tokens, 0);
});

test('--compare gives both servers the same texts in turns and prints the ratio', async (t) => {
  const [a, b] = [await serveFake(t), await serveFake(t)];
  const args = ['--url', a.url, '--compare', `${b.url}/v1`, '-n', '50', '-c', '1', '--repeat', '2'];
  const { exitCode, stdout } = await bench(...args);
  assert.equal(exitCode, 0);
  assert.match(stdout, /^A {2}http.*\nB {2}http/);
  assert.match(stdout, /\n {2}A \/ B +median +min +max\n {2}texts\/s +\d/);
  assert.doesNotMatch(stdout, /note: the servers/);
  const inputs = ({ embedder }: typeof a) => embedder.calls.flatMap((call) => call.inputs);
  assert.equal(inputs(a).length, 102);
  assert.deepEqual(inputs(a), inputs(b));
});

test('two models are told apart by their vectors and counts', async (t) => {
  const [a, b] = [await serveFake(t), await serveFake(t, new FakeEmbedder({ dimensions: 32 }))];
  const args = ['--url', a.url, '--compare', b.url, '-n', '5', '--repeat', '1'];
  const { report } = await benchJson(...args);
  assert.deepEqual(report.notes, ['the servers answer in different dimensions']);
  assert.ok((report.legs[0]?.ratio?.textsPerSecond.median ?? 0) > 0);
});

test('texts come from a file, instructed', async (t) => {
  const path = join(makeTemporaryFolder(), 'texts.txt');
  await writeFile(path, 'one "1"\ntwo\n');
  const { url, embedder } = await serveFake(t);
  const args = ['--url', url, '--input-file', path, '-n', '3', '-c', '1', '--repeat', '1', '--warm-up', '0'];
  await bench(...args, '--instruct', 'search', '--encoding-format', 'float');
  const [, ...loads] = embedder.calls.map(({ inputs: [text] }) => text);
  assert.deepEqual(
    loads,
    ['one "1"', 'two', 'one "1"'].map((text) => `Instruct: search\nQuery:${text}`),
  );
});

test('the key is sent and never shown', async (t) => {
  const keys = new Set<string | undefined>();
  const url = await serveOther(t, (request, response) => {
    keys.add(request.headers.authorization);
    response.statusCode = request.headers.authorization === 'Bearer top-secret' ? 200 : 401;
    const refusal = { error: { message: 'Incorrect API key.', code: 'invalid_api_key' } };
    const answer = { data: [{ embedding: [1] }] };
    request
      .resume()
      .on('end', () => response.end(JSON.stringify(response.statusCode === 200 ? answer : refusal)));
  });
  const args = ['--url', url, '-n', '2', '--repeat', '1'];
  const refused = await bench(...args);
  assert.equal(refused.exitCode, 3);
  assert.equal(
    refused.stderr,
    `error: ${url}/v1/embeddings: the first request got HTTP 401: Incorrect API key\n` +
      'hint: give the key of the server with --api-key\n',
  );
  const { exitCode, stdout } = await bench(...args, '--api-key', 'top-secret', '--json');
  assert.equal(exitCode, 0);
  assert.deepEqual([...keys], [undefined, 'Bearer top-secret']);
  assert.doesNotMatch(stdout, /top-secret/);
});

test('what is wrong with a URL is one sentence and a hint', async (t) => {
  const page = await serveOther(t, (request, response) => {
    request.resume().on('end', () => response.end('<html>'));
  });
  const { url } = await serveFake(t);
  const cases: [string[], number, RegExp][] = [
    [['--url', 'localhost:1'], 2, /^error: --url localhost:1: is not the URL of a server\nhint: .+\n$/],
    [
      ['--url', 'http://127.0.0.1:1'],
      3,
      /^error: http:\S+: nothing listens there\nhint: .+health --wait.+\n$/,
    ],
    [['--url', page], 3, /^error: http:\S+: the answer is not one embedding\nhint: .+\n$/],
    [['--url', `${url}/other`], 3, /got HTTP 404: there is no POST .+\nhint: .+\/v1.+\n$/],
    [['--url', url, '--input-file', 'no-such-file'], 4, /^error: no-such-file: .+\nhint: .+\n$/],
    [['--url', url, '--send', 'ids', '--instruct', 'x'], 2, /^error: --instruct: .+\nhint: .+\n$/],
  ];
  const runs = await Promise.all(cases.map(([args]) => bench(...args)));
  for (const [index, [, exitCode, stderr]] of cases.entries()) {
    assert.match(runs[index]?.stderr ?? '', stderr);
    assert.equal(runs[index]?.exitCode, exitCode);
    assert.equal(runs[index].stdout, '');
  }
});

test('a server that goes away ends the run with a report, not with a hang', async (t) => {
  let answers = 0;
  const url = await serveOther(t, (request, response) => {
    if (++answers > 10) request.socket.destroy();
    else request.resume().on('end', () => response.end(JSON.stringify({ data: [{ embedding: [1] }] })));
  });
  const args = ['--url', url, '-c', '8', '--repeat', '3', '--warm-up', '0', '--duration', '60'];
  const { exitCode, report } = await benchJson(...args);
  assert.equal(exitCode, 1);
  assert.equal(report.legs[0]?.servers[0]?.rounds.length, 1);
  assert.equal(firstRound(report)?.end, 'unreachable');
  assert.deepEqual(report.notes, ['the server stopped answering; the run ended there']);
});

test('an answer that does not come is an error after --request-timeout', async (t) => {
  const { url, embedder } = await serveFake(t);
  const push = embedder.calls.push.bind(embedder.calls);
  embedder.calls.push = (call) => {
    if (push(call) === 3) t.after(embedder.hold());
    return embedder.calls.length;
  };
  const args = ['--url', url, '-c', '2', '--repeat', '1', '--warm-up', '0', '--duration', '0.2'];
  const { exitCode, report } = await benchJson(...args, '--request-timeout', '0.3');
  assert.equal(exitCode, 1);
  const errors = firstRound(report)?.errors ?? [];
  assert.equal(
    errors.reduce((sum, { count }) => sum + count, 0),
    2,
  );
  assert.ok(errors.every(({ status }) => status === null));
});

test('Ctrl-C ends a run with a report of what was measured', async (t) => {
  const { url, embedder } = await serveFake(t);
  const child = spawn(process.execPath, [BIN, 'bench', '--url', url, '--duration', '60', '--json']);
  const push = embedder.calls.push.bind(embedder.calls);
  embedder.calls.push = (call) => {
    if (push(call) === 200) child.kill('SIGINT');
    return embedder.calls.length;
  };
  let stdout = '';
  child.stdout.on('data', (piece: Buffer) => (stdout += piece.toString()));
  const [exitCode] = (await once(child, 'close')) as [number];
  assert.equal(exitCode, 130);
  const report = JSON.parse(stdout) as Report;
  assert.equal(report.interrupted, true);
  assert.ok((report.legs[0]?.servers[0]?.summary.texts ?? 0) > 0);
  assert.equal(report.legs[0]?.servers[0]?.summary.failures, 0);
});
