// Upper bounds of the histograms' buckets.

// SGLang's, and finer ones below: a query that names one of SGLang's finds it.
export const SECONDS = [
  0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 8, 10, 20, 40, 60, 80, 100, 200, 400,
  600, 1200, 1800, 2400,
];

// SGLang's from 100 on: an embedding's text is often shorter than any prompt.
export const TOKENS = [
  1, 5, 10, 20, 50, 100, 300, 500, 700, 1000, 1500, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000,
  12_000, 15_000, 20_000, 22_000, 25_000, 30_000, 35_000, 40_000, 66_000, 99_000, 132_000, 300_000, 600_000,
  900_000, 1_100_000,
];

/** From a health check to a body at the limit. */
export const BYTES = Array.from({ length: 10 }, (_, power) => 256 * 4 ** power);

export const INPUT_COUNTS = Array.from({ length: 12 }, (_, power) => 2 ** power);
