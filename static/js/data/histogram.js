/**
 * Response times in bins of equal ratio, half a percent each, for the heat map and the median
 * over time: a million numbers need no sorting. The server's are exact.
 */

const LOW_MS = 0.01;
const RATIO = 1.005;
const SCALE = 1 / Math.log(RATIO);
export const BINS = 3700; // up to 1,000 s

/** The bin whose upper edge is the first not below it. @param {number} ms */
export function binOf(ms) {
  const bin = Math.ceil(Math.log(ms / LOW_MS) * SCALE - 1e-9);
  return Math.min(Math.max(bin || 0, 0), BINS - 1);
}

/** @param {number} bin */
export const edgeOf = (bin) => LOW_MS * RATIO ** bin;

/** @type {TotalOf} */
export const totalOf = (counts) => counts.reduce((sum, one) => sum + one, 0);

/** By nearest rank: the middle of the bin that holds it. @type {Median} */
export function median(counts, fold = 1) {
  const rank = Math.max(Math.ceil(totalOf(counts) / 2), 1);
  let below = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    below += counts[bin];
    if (below >= rank) return edgeOf(bin * fold + fold / 2 - 1);
  }
  return Number.NaN;
}
