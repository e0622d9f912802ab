/** The numbers of the table while a run goes on; the report replaces them at its end. */

import { Tally } from './bins.js';
import { BEGUN } from './columns.js';
import { within } from './selection.js';

/** @import { Firing } from './columns.js' */
/** @import { Selection } from './selection.js' */

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
 * Times of the requests that succeeded, in order; errors are never mixed in.
 * @param {Firing[]} firings
 * @param {'due' | 'sent_first'} from response times, or service times
 * @param {Selection} [selection]
 */
export function times(firings, from, selection = null) {
  const found = new Float64Array(firings.reduce((sum, one) => sum + one.finished, 0));
  let size = 0;
  for (const firing of firings) {
    const { error, order, finished, stamps } = firing;
    for (let i = 0; i < finished; i++) {
      const request = order[i];
      if (error[request] || !within(selection, firing, request)) continue;
      found[size++] = stamps.done[request] - stamps[from][request];
    }
  }
  return found.subarray(0, size).sort();
}

/**
 * Requests in flight at each of `points` instants from 0 to `end_ms`, and how many were done
 * since the instant before, per second. What has ended is counted once, as it comes.
 */
export class OverTime {
  #tally = new Tally();
  #started = new Int32Array();
  #ended = new Int32Array();

  /**
   * @param {Firing} firing
   * @param {number} end_ms
   * @param {number} points
   * @param {number} now_ms beyond it nothing is known: null
   */
  at(firing, end_ms, points, now_ms) {
    const step_ms = end_ms / (points - 1);
    const place = (/** @type {number} */ ms) => Math.min(Math.ceil(ms / step_ms), points);
    const { state, stamps } = firing;
    const begin = () => {
      this.#started = new Int32Array(points + 1);
      this.#ended = new Int32Array(points + 1);
    };
    this.#tally.take(`${end_ms} ${points}`, [firing], begin, (_, request) => {
      this.#started[place(stamps.due[request])]++;
      this.#ended[place(stamps.done[request])]++;
    });
    const started = this.#started.slice();
    for (let request = 0; firing.begun > firing.finished && request < state.length; request++) {
      if (state[request] === BEGUN) started[place(stamps.due[request])]++;
    }
    return sums(started, this.#ended, step_ms, now_ms);
  }
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
