/**
 * Response times counted in bins of equal ratio, half a percent each: what the live table, the
 * ECDF and the deciles are read from without sorting a million numbers. The report is exact.
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

/** @param {Uint32Array[]} histograms */
export function pooled(histograms) {
  const sum = new Uint32Array(BINS);
  for (const one of histograms) for (let bin = 0; bin < BINS; bin++) sum[bin] += one[bin];
  return sum;
}

/** @type {TotalOf} */
export const totalOf = (counts) => counts.reduce((sum, one) => sum + one, 0);

/** Nearest rank, as dashboard/wire/rank.py; what is said is the middle of the bin. @type {Percentile} */
export function percentile(counts, percent, fold = 1) {
  const rank = Math.max(Math.ceil((percent / 100) * totalOf(counts) - 1e-9), 1);
  let below = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    below += counts[bin];
    if (below >= rank) return edgeOf(bin * fold + fold / 2 - 1);
  }
  return Number.NaN;
}

/** @param {number[]} values */
export function median(values) {
  if (!values.length) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
