// Seeded random numbers: the same seed gives the same load on every machine. Not for secrets.

/** Uniform in [0, 1). */
export type Random = () => number;

/** Mulberry32: 32 bits of state, enough for texts and arrival times. */
export function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Mean 0, standard deviation 1 (Box and Muller). */
export function takeNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Pauses between the arrivals of a Poisson process have this distribution. */
export function takeExponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - random());
}
