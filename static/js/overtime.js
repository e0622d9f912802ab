/** What a firing was like over time: its requests by when they were due and done, its target's load. */

import { BINS } from './histogram.js';

const NS_PER_MS = 1e6;
const HOLDS_MS = 250; // a report holds for five of its periods, no longer
export const COLUMNS = 120; // stretches of the axis in which requests are counted
export const FOLD = 4; // bins of the histogram in one row of the grid: two percent
export const HIGH = Math.ceil(BINS / FOLD);

/** Requests by stretches of time; whatever has ended is counted once, as it comes. */
export class OverTime {
  #key = '';
  #firing = /** @type {Firing | undefined} */ (undefined);
  #taken = 0;
  #started = new Int32Array();
  /** How many were done until each instant and since the one before. */
  ended = new Int32Array();
  /** Of those that succeeded, by stretch and response time: FOLD bins a row. */
  grid = new Uint32Array(COLUMNS * HIGH);

  /** @type {TakeFiring} */
  take(firing, [from_ms, to_ms]) {
    const key = `${from_ms} ${to_ms}`;
    if (firing !== this.#firing || key !== this.#key) {
      this.#key = key;
      this.#firing = firing;
      this.#taken = 0;
      this.#started = new Int32Array(COLUMNS + 2);
      this.ended = new Int32Array(COLUMNS + 2);
      this.grid.fill(0);
    }
    if (!firing) return;
    const { order, finished, error, bin, stamps } = firing;
    const scale = COLUMNS / (to_ms - from_ms);
    for (; this.#taken < finished; this.#taken++) {
      const request = order[this.#taken];
      const at = (stamps.done[request] - from_ms) * scale;
      this.ended[place(at)]++;
      this.#started[place((stamps.due[request] - from_ms) * scale)]++;
      if (error[request] || at < 0 || at > COLUMNS) continue;
      this.grid[Math.min(Math.floor(at), COLUMNS - 1) * HIGH + Math.floor(bin[request] / FOLD)]++;
    }
  }

  /** Requests in flight at each instant; null beyond `now_ms`. @param {number} now_ms */
  inFlight(now_ms) {
    const [from_ms, to_ms] = this.#key.split(' ').map(Number);
    const scale = COLUMNS / (to_ms - from_ms);
    const started = this.#started.slice();
    const { open = [], stamps } = this.#firing ?? {};
    for (const request of open) {
      started[place((Number(stamps?.due[request]) - from_ms) * scale)]++;
    }
    let many = 0;
    return Array.from({ length: COLUMNS + 1 }, (_, point) => {
      many += started[point] - this.ended[point];
      return point <= (now_ms - from_ms) * scale + 1 ? many : null;
    });
  }

  /** @type {Times} */
  times(first, last) {
    const found = new Uint32Array(HIGH);
    for (let column = first; column < last; column++) {
      for (let row = 0; row < HIGH; row++) found[row] += this.grid[column * HIGH + row];
    }
    return found;
  }
}

/** The instant that counts it: 0 for what was before the axis. @param {number} at */
const place = (at) => Math.min(Math.max(Math.ceil(at), 0), COLUMNS + 1);

/**
 * At each of `points` instants: the sum over a target's processes, of the loop's lag the worst,
 * of the CPU the share of one core since the report before, in percent; null: not known.
 * @type {LoadOverTime}
 */
export function loadOverTime(firing, measure, [from_ms, to_ms], points) {
  const found = /** @type {Values} */ (new Array(points).fill(null));
  const step_ms = (to_ms - from_ms) / (points - 1);
  for (const reports of byProcess(firing.health, measure).values()) {
    reports.forEach(([at_ms, value], i) => {
      const until_ms = Math.min(reports[i + 1]?.[0] ?? at_ms + HOLDS_MS, at_ms + HOLDS_MS);
      const first = Math.max(Math.ceil((at_ms - from_ms) / step_ms), 0);
      for (let n = first; n < points && from_ms + n * step_ms < until_ms; n++) {
        const before = found[n] ?? 0;
        found[n] = measure === 'loop_lag' ? Math.max(before, value) : before + value;
      }
    });
  }
  return found;
}

/** @type {ByProcess} */
function byProcess(health, measure) {
  const found = /** @type {Map<number, Point[]>} */ (new Map()); // at ms, value
  const last = /** @type {Map<number, Health>} */ (new Map());
  for (const report of [...health].sort((one, other) => one.at - other.at)) {
    let value = report[measure];
    if (value < 0) continue;
    const before = last.get(report.process);
    last.set(report.process, report);
    if (measure === 'loop_lag') value /= NS_PER_MS;
    if (measure === 'cpu') {
      if (!before || before.at === report.at) continue;
      value = (100 * (report.cpu - before.cpu)) / (report.at - before.at);
    }
    const reports = found.get(report.process) ?? [];
    reports.push([report.at / NS_PER_MS, value]);
    found.set(report.process, reports);
  }
  return found;
}
