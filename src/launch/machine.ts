// Owns the facts about this machine that a plan needs. Reads them; decides nothing.
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';

export interface Machine {
  platform: string;
  arch: string;
  /** Cores this process may use. */
  cores: number;
  /** Memory this process may use, in bytes: the machine's, or the container's limit. */
  memoryBytes: number;
  /** The processor multiplies bfloat16 by itself (AVX-512 BF16). */
  hasFastBf16: boolean;
  /** An NVIDIA driver is loaded. */
  hasNvidia: boolean;
  /** CUDA_VISIBLE_DEVICES as set, or null. */
  visibleGpus: string | null;
}

export function readMachine(): Machine {
  return {
    platform: process.platform,
    arch: process.arch,
    cores: availableParallelism(),
    // 0 or an absurdly large number where no limit is set.
    memoryBytes: Math.min(process.constrainedMemory() || Infinity, totalmem()),
    hasFastBf16: /\bavx512_bf16\b/.test(readProcessorFlags()),
    hasNvidia: existsSync('/dev/nvidiactl') || existsSync('C:\\Windows\\System32\\nvcuda.dll'),
    visibleGpus: process.env['CUDA_VISIBLE_DEVICES'] ?? null,
  };
}

/** Linux's list of processor features; empty elsewhere. */
function readProcessorFlags(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return '';
  }
}
