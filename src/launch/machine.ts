// Owns the facts about this machine that a plan needs. Reads them; decides nothing.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Backend } from '../engine/libraries.ts';
import type { AskGpus, Probe } from './probe-gpus.ts';
import { readSystemMemory, type SystemMemory } from './system-memory.ts';

/** What is known without asking any driver. */
export interface Host {
  platform: string;
  arch: string;
  /** Cores this process may use. */
  cores: number;
  /** Memory this process may use: the machine's, or what a container's limit leaves. */
  memory: SystemMemory;
  /** The processor multiplies bfloat16 by itself (AVX-512 BF16). */
  hasFastBf16: boolean;
  /** An NVIDIA driver is loaded. */
  hasNvidia: boolean;
  /** Something that draws is there, of whatever maker. */
  hasGraphics: boolean;
  /** The variables that choose among GPUs, as set. */
  visibleGpus: Partial<Record<Backend, string>>;
  /** SGLang's SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN is set. */
  allowsLongerContext: boolean;
}

export interface Machine extends Host {
  /** What the libraries of a backend see; a backend that nobody asked for is missing. */
  gpus: Partial<Record<Backend, Probe>>;
}

/** The variable by which each backend's libraries choose among GPUs. */
export const VISIBLE_GPUS: Partial<Record<Backend, string>> = {
  cuda: 'CUDA_VISIBLE_DEVICES',
  vulkan: 'GGML_VK_VISIBLE_DEVICES',
};

export function readHost(env: NodeJS.ProcessEnv = process.env): Host {
  const set = Object.entries(VISIBLE_GPUS).flatMap(([backend, name]) => {
    const value = env[name];
    return value === undefined ? [] : [[backend, value] as const];
  });
  return {
    platform: process.platform,
    arch: process.arch,
    cores: availableParallelism(),
    memory: readSystemMemory(),
    hasFastBf16: /\bavx512_bf16\b/.test(readProcessorFlags()),
    hasNvidia: existsSync('/dev/nvidiactl') || existsSync('C:\\Windows\\System32\\nvcuda.dll'),
    hasGraphics: process.platform === 'win32' || hasRenderNode(),
    visibleGpus: Object.fromEntries(set),
    allowsLongerContext: /^(?:1|true)$/i.test(env['SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN'] ?? ''),
  };
}

/** The host and the GPUs that each of `backends` sees. */
export async function readMachine(
  host: Host,
  { backends, libraryFolder }: { backends: readonly Backend[]; libraryFolder: string | null },
  askGpus: AskGpus,
): Promise<Machine> {
  const probed = backends.map(
    async (backend) => [backend, await askGpus({ backend, libraryFolder })] as const,
  );
  return { ...host, gpus: Object.fromEntries(await Promise.all(probed)) };
}

function hasRenderNode(): boolean {
  try {
    return readdirSync('/dev/dri').some((name) => name.startsWith('renderD'));
  } catch {
    return false;
  }
}

/** Linux's list of processor features; empty elsewhere. */
function readProcessorFlags(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return '';
  }
}
