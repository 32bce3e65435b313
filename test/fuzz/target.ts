// What every fuzzed reader of foreign bytes is to the runner: inputs to draw, and one promise about each of them.
import type { Arbitrary } from 'fast-check';
import { Fault } from '../../src/faults.ts';

export interface Target {
  /** Valid, nearly valid and random. */
  inputs: Arbitrary<unknown>;
  /** How one input ended: `read`, or the code of what it was refused with. Rejects with whatever else came of it. */
  run: (input: unknown) => Promise<string>;
  close: () => Promise<void>;
}

/** Opens what a target needs; `folder` is empty and its own. */
export type OpenTarget = (folder: string) => Promise<Target>;

export function makeTarget<Input>(target: {
  inputs: Arbitrary<Input>;
  run: (input: Input) => Promise<string> | string;
  close?: () => Promise<void>;
}): Target {
  return {
    inputs: target.inputs,
    run: async (input) => target.run(input as Input),
    close: target.close ?? (() => Promise.resolve()),
  };
}

/** `read`, or the code of the fault. Anything else that is thrown goes on. */
export async function endOf(read: () => unknown): Promise<string> {
  try {
    await read();
    return 'read';
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { code, message, hint } = error as Fault;
    if (code === 'BUG' || message === '' || hint === '' || message.length > 2100) throw error;
    return code;
  }
}
