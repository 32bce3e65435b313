// HTTPS with certificates made by the openssl program, which the host of every CI has.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { connect } from 'node:tls';
import type { TlsFiles } from '../../../src/server/tls.ts';
import { eventually } from '../../fixtures/eventually.ts';
import { openServingServer } from './open-test-server.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const FOLDER = makeTemporaryFolder();

const fileOf = (name: string) => join(FOLDER, name);

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { cwd: FOLDER, stdio: 'pipe' });
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-days', '2'];

/** A self-signed certificate `NAME.pem` with its key `NAME.key`. */
function makeRoot(name: string, ...more: string[]): void {
  const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`];
  openssl('req', '-x509', '-nodes', ...EC, '-subj', `/CN=${name}`, ...files, ...more);
}

/** One that `issuer` has signed. */
function makeSigned(name: string, issuer: string, extension: string): void {
  const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`];
  const signer = ['-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`];
  openssl('req', '-x509', '-nodes', ...EC, '-subj', `/CN=${name}`, '-addext', extension, ...files, ...signer);
}

const HOST = 'subjectAltName=DNS:localhost,IP:127.0.0.1';

const files = (name: string): TlsFiles => ({
  keyFile: fileOf(`${name}.key`),
  certificateFile: fileOf(`${name}.pem`),
  authoritiesFile: null,
  keyPassword: null,
});

/** The name in the certificate that a client trusting `root` is shown. */
async function shownName(port: number, root: string): Promise<string> {
  const ca = readFileSync(fileOf(`${root}.pem`));
  const socket = connect({ port, host: '127.0.0.1', ca, checkServerIdentity: () => undefined });
  try {
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    return String(socket.getPeerCertificate().subject.CN);
  } finally {
    socket.destroy();
  }
}

async function openTls(t: TestContext, tls: TlsFiles, refresh = false) {
  return openServingServer(t, { tls: { ...tls, refresh } });
}

test('with a key and a certificate the server speaks HTTPS and says so in its URL', async (t) => {
  makeRoot('one');
  const { server } = await openTls(t, files('one'));
  assert.equal(server.url, `https://127.0.0.1:${String(server.port)}`);
  assert.equal(await shownName(server.port, 'one'), 'one');
});

test('an encrypted key opens with its password and with no other', async (t) => {
  makeRoot('plain');
  openssl('ec', '-aes256', '-passout', 'pass:secret', '-in', 'plain.key', '-out', 'locked.key');
  const locked = { ...files('plain'), keyFile: fileOf('locked.key') };
  const { server } = await openTls(t, { ...locked, keyPassword: 'secret' });
  assert.equal(await shownName(server.port, 'plain'), 'plain');
  await assert.rejects(openTls(t, { ...locked, keyPassword: 'wrong' }), { code: 'FILE_UNREADABLE' });
});

test('certificates of authorities complete the chain for clients that know only its root', async (t) => {
  makeRoot('root');
  makeSigned('middle', 'root', 'basicConstraints=critical,CA:TRUE');
  makeSigned('leaf', 'middle', HOST);
  const { server: bare } = await openTls(t, files('leaf'));
  await assert.rejects(shownName(bare.port, 'root'), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  const { server } = await openTls(t, { ...files('leaf'), authoritiesFile: fileOf('middle.pem') });
  assert.equal(await shownName(server.port, 'root'), 'leaf');
});

for (const [title, change, path] of [
  ['a key of another certificate', { keyFile: fileOf('other.key') }, 'own.pem'],
  ['a missing certificate', { certificateFile: fileOf('missing.pem') }, 'missing.pem'],
  ['a certificate that is none', { certificateFile: fileOf('own.key') }, 'own.key'],
] as const) {
  test(`${title} is FILE_UNREADABLE before the port is taken`, async (t) => {
    makeRoot('own');
    makeRoot('other');
    await assert.rejects(openTls(t, { ...files('own'), ...change }), {
      code: 'FILE_UNREADABLE',
      message: new RegExp(`^${fileOf(path)}: `),
    });
  });
}

test('new files are in use soon after they are there; until then and after bad ones the old', async (t) => {
  makeRoot('used');
  makeRoot('fresh');
  const { server, entries } = await openTls(t, files('used'), true);
  copyFileSync(fileOf('fresh.pem'), fileOf('used.pem'));
  const isWarned = () =>
    entries.some(({ message }) => message.startsWith('the old certificate stays in use'));
  await eventually(isWarned);
  copyFileSync(fileOf('fresh.key'), fileOf('used.key'));
  await eventually(async () => (await shownName(server.port, 'fresh').catch(() => '')) === 'fresh');
  assert.ok(entries.some(({ message }) => message === 'new connections get the new certificate'));
});
