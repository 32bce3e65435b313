// What the process runs that probe-gpus.ts starts: loads one set of libraries and prints the GPUs that it sees.
import { listGpus } from '../engine/devices.ts';
import { findLibraries } from '../engine/libraries.ts';
import { openLlama } from '../engine/llama-abi.ts';
import { faultFrom } from '../faults.ts';
import type { Probe, ProbeOrder } from './probe-gpus.ts';

function answer({ backend, libraryFolder }: ProbeOrder): Probe {
  try {
    const llama = openLlama(findLibraries(backend, libraryFolder ?? undefined), () => undefined);
    return { gpus: listGpus(llama) };
  } catch (error) {
    return { problem: faultFrom(error).message };
  }
}

process.stdout.write(JSON.stringify(answer(JSON.parse(process.argv[2] ?? '') as ProbeOrder)));
