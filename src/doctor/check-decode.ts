// Looks at who would compute: the libraries that are there, and one decode by the one that the plan picks. The answer is
// known, so that a library that computes wrongly is found out, not only one that dies.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Settings } from '../config/options.ts';
import { findLibraries, packagesFor, type Backend } from '../engine/libraries.ts';
import { faultFrom } from '../faults.ts';
import { readHost } from '../launch/machine.ts';
import { openBestPool } from '../launch/open-best-pool.ts';
import { planService } from '../launch/plan-service.ts';
import { type Finding, ok, type Patient, problem, warning } from './finding.ts';
import { KNOWN_ANSWER } from './known-answer.ts';
import { KNOWN_TEXT, writeTinyModel } from './tiny-model.ts';

export function checkLibraries({ settings }: Patient): Finding {
  const { platform, arch, hasNvidia } = readHost();
  const offered = packagesFor(platform, arch).map(([backend]) => backend);
  const states = offered.map((backend) => ({ backend, missing: findMissing(backend, settings.llamaFolder) }));
  const there = states.filter(({ missing }) => missing === null).map(({ backend }) => backend);
  const driver = hasNvidia ? 'an NVIDIA driver is loaded' : 'no NVIDIA driver is loaded';
  const lost = states.flatMap(({ backend, missing }) => (missing === null ? [] : [`${backend}: ${missing}`]));
  const found = [`${there.join(', ') || 'none'} for ${platform}-${arch}`, driver, ...lost].join('; ');
  const advice = 'run npm install again without --omit=optional; node-llama-cpp brings the libraries';
  if (there.length === 0) return problem(found, advice);
  return hasNvidia && !there.includes('cuda') ? warning(found, advice) : ok(found);
}

function findMissing(backend: Backend, folder: string | null): string | null {
  try {
    findLibraries(backend, folder ?? undefined);
    return null;
  } catch (error) {
    return faultFrom(error).message;
  }
}

/** Of unit vectors; keys and values in half precision leave 0.99999998. */
const LEAST_COSINE = 0.9999;

/** `answer` is what the known text's vector must be. */
export async function checkDecode({ settings }: Patient, answer = KNOWN_ANSWER): Promise<Finding> {
  const folder = mkdtempSync(join(tmpdir(), 'qwen-embed-doctor-'));
  try {
    return await decodeKnown(settings, { modelFile: join(folder, 'known.gguf'), answer });
  } catch (error) {
    const { message, hint } = faultFrom(error);
    return problem(message, hint);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// What was set for the real model's weights and lengths does not fit this one; what was set for devices does.
async function decodeKnown(
  settings: Settings<'doctor'>,
  { modelFile, answer }: { modelFile: string; answer: readonly number[] },
): Promise<Finding> {
  writeTinyModel(modelFile);
  const ours = { ...settings, dtype: 'auto', contextLength: null, dataParallel: 1 } as const;
  const { launch } = await planService(ours, { kind: 'gguf', path: modelFile });
  const passedOver: string[] = [];
  const { pool, attempt } = await openBestPool({
    attempts: launch.attempts,
    modelFile,
    onStep: () => undefined,
    log: (level, message) => {
      if (level === 'warn') passedOver.push(message);
    },
  });
  try {
    const { vectors } = await pool.embed([KNOWN_TEXT]);
    const cosine = answer.reduce((sum, x, i) => sum + x * (vectors[i] ?? NaN), 0);
    const who = `${attempt.reason}, computed by ${attempt.compute}`;
    if (!(cosine >= LEAST_COSINE))
      return problem(
        `${who}: the vector of a known text is wrong, cosine ${cosine.toFixed(6)}`,
        'use --device cpu, and report it with the output of qwen-embed doctor --json',
      );
    const found = `${who}: the vector of a known text is right (cosine ${cosine.toFixed(6)})`;
    return passedOver.length === 0
      ? ok(found)
      : warning(
          `${found}; passed over: ${passedOver.join('; ')}`,
          'give libraries built on this machine with --llama-folder, or choose --device',
        );
  } finally {
    await pool.close();
  }
}
