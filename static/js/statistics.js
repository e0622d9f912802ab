/** The numbers of the table while a run goes on; the report replaces them at its end. */

import { FINISHED } from './columns.js';

/** @import { Firing } from './columns.js' */

/**
 * The value at a percentile, by nearest rank: the same rule as dashboard/wire/rank.py.
 * @param {Float64Array} sorted
 * @param {number} percent
 */
export function percentile(sorted, percent) {
  if (!sorted.length) return Number.NaN;
  const rank = Math.ceil((percent / 100) * sorted.length - 1e-9);
  return sorted[Math.max(rank, 1) - 1];
}

/** @param {number[]} values */
export function median(values) {
  if (!values.length) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Response times of the requests that succeeded, in order; errors are never mixed in.
 * @param {Firing[]} firings
 */
export function responseTimes(firings) {
  const times = new Float64Array(firings.reduce((sum, one) => sum + one.finished, 0));
  let size = 0;
  for (const { state, error, stamps } of firings) {
    for (let request = 0; request < state.length; request++) {
      if (state[request] !== FINISHED || error[request]) continue;
      times[size++] = stamps.done[request] - stamps.due[request];
    }
  }
  return times.subarray(0, size).sort();
}

/**
 * Requests in flight at each of `points` instants from 0 to `end_ms`, and how many were done
 * since the instant before, per second.
 * @param {Firing} firing
 * @param {number} end_ms
 * @param {number} points
 * @param {number} now_ms beyond it nothing is known: NaN
 */
export function overTime(firing, end_ms, points, now_ms) {
  const step_ms = end_ms / (points - 1);
  const started = new Int32Array(points + 1);
  const ended = new Int32Array(points + 1);
  const { state, stamps } = firing;
  for (let request = 0; request < state.length; request++) {
    if (!state[request]) continue;
    started[Math.min(Math.ceil(stamps.due[request] / step_ms), points)]++;
    if (state[request] === FINISHED) {
      ended[Math.min(Math.ceil(stamps.done[request] / step_ms), points)]++;
    }
  }
  return sums(started, ended, step_ms, now_ms);
}

/**
 * @param {Int32Array} started
 * @param {Int32Array} ended
 * @param {number} step_ms
 * @param {number} now_ms
 */
function sums(started, ended, step_ms, now_ms) {
  const points = started.length - 1;
  const inFlight = new Array(points).fill(null);
  const perSecond = new Array(points).fill(null);
  let open = 0;
  for (let point = 0; point < points && point * step_ms <= now_ms + step_ms; point++) {
    open += started[point] - ended[point];
    inFlight[point] = open;
    perSecond[point] = (ended[point] * 1000) / step_ms;
  }
  return { inFlight, perSecond };
}
