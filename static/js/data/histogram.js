/**
 * Response times in bins half a percent wide, for medians over time without sorting a million
 * numbers. The server's are exact.
 */

const LOW_MS = 0.01;
const RATIO = 1.005;
const SCALE = 1 / Math.log(RATIO);
export const BINS = 3700; // up to 1,000 s

/** The first bin with an upper edge not below it. @param {number} ms */
export function binOf(ms) {
  const bin = Math.ceil(Math.log(ms / LOW_MS) * SCALE - 1e-9);
  return Math.min(Math.max(bin || 0, 0), BINS - 1);
}

/** @param {number} bin */
export const edgeOf = (bin) => LOW_MS * RATIO ** bin;

/** @param {Uint32Array} counts */
export const totalOf = (counts) => counts.reduce((sum, count) => sum + count, 0);

/** The middle of the nearest rank's bin. @type {Median} */
export function median(counts, fold = 1) {
  const rank = Math.max(Math.ceil(totalOf(counts) / 2), 1);
  let below = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    below += counts[bin];
    if (below >= rank) return edgeOf(bin * fold + fold / 2 - 1);
  }
  return Number.NaN;
}
