/** A firing over time: its requests by when they were due and done, its target's load. */

import { BINS, edgeOf } from '../data/histogram.js';

const NS_PER_MS = 1e6;
const MB = 2 ** 20;
export const OF_ANY_PROCESS = ['threads', 'rss', 'cpu'];
export const HOLDS_MS = 250; // five periods of reports
export const COLUMNS = 120; // stretches of the axis
export const FOLD = 4; // bins of the histogram in one row of the grid: two percent
export const HIGH = Math.ceil(BINS / FOLD);

/** Requests by stretches of time; whatever has ended is counted once, as it comes. */
export class OverTime {
  #key = '';
  #firing = /** @type {Firing | undefined} */ (undefined);
  #taken = 0;
  #counted = 0;
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
      this.#taken = this.#counted = 0;
      this.#started = new Int32Array(COLUMNS + 2);
      this.ended = new Int32Array(COLUMNS + 2);
      this.grid.fill(0);
    }
    if (!firing) return;
    const { order, rows, error, status, bin, stamps, counts } = firing;
    const scale = COLUMNS / (to_ms - from_ms);
    /** @type {CountOver} */
    const add = (due_ms, done_ms, bin, failed, many) => {
      const at = (done_ms - from_ms) * scale;
      this.ended[place(at)] += many;
      this.#started[place((due_ms - from_ms) * scale)] += many;
      if (failed || at < 0 || at > COLUMNS) return;
      this.grid[Math.min(Math.floor(at), COLUMNS - 1) * HIGH + Math.floor(bin / FOLD)] += many;
    };
    for (; this.#taken < rows; this.#taken++) {
      const one = order[this.#taken];
      if (error[one] || status[one])
        add(stamps.due[one], stamps.done[one], bin[one], error[one], 1);
      else this.#started[place((stamps.due[one] - from_ms) * scale)]++; // cut off in flight
    }
    firing.eachCount(this.#counted, (done_ms, bin, failed, many) =>
      add(done_ms - edgeOf(bin), done_ms, bin, failed, many),
    );
    this.#counted = counts.length;
  }

  /** Requests in flight at each instant; null beyond `now_ms`. @param {number} now_ms */
  inFlight(now_ms) {
    const [from_ms, to_ms] = this.#key.split(' ').map(Number);
    const scale = COLUMNS / (to_ms - from_ms);
    const started = this.#started.slice();
    const firing = this.#firing;
    for (const request of firing?.open ?? []) {
      started[place((Number(firing?.stamps.due[request]) - from_ms) * scale)]++;
    }
    // Since when, is not known of those that are only counted.
    if (firing) {
      started[place((firing.lastDone_ms - from_ms) * scale)] +=
        firing.begun - firing.finished - firing.open.size;
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
 * At each of `points` instants the sum over a target's processes, of the loop's lag the worst;
 * CPU in percent of a core, memory in MB; null where one that was there is not known.
 * @type {LoadOverTime}
 */
export function loadOverTime({ health }, measure, [from_ms, to_ms], points) {
  const step_ms = (to_ms - from_ms) / (points - 1);
  const place = (/** @type {number} */ ms) => Math.max(Math.ceil((ms - from_ms) / step_ms), 0);
  const processes = /** @type {Map<number, Course>} */ (new Map());
  for (const report of [...health].sort((one, other) => one.at - other.at)) {
    const known = report[measure] >= 0;
    if (!known && !OF_ANY_PROCESS.includes(measure)) continue;
    const at = place(report.at / NS_PER_MS);
    const course =
      processes.get(report.process) ??
      /** @type {Course} */ ({ values: new Array(points).fill(null, at) });
    processes.set(report.process, course);
    const value = known ? reported(measure, report, course.before) : null;
    if (known) course.before = report;
    if (value !== null) course.values.fill(value, at, place(report.at / NS_PER_MS + HOLDS_MS));
    if (report.rss === 0) course.values.fill(undefined, at); // it has ended
  }
  const courses = [...processes.values()];
  return Array.from({ length: points }, (_, point) => {
    const there = courses.map(({ values }) => values[point]);
    const known = there.filter((one) => typeof one === 'number');
    if (!known.length || there.includes(null)) return null;
    return measure === 'loop_lag' ? Math.max(...known) : known.reduce((sum, one) => sum + one);
  });
}

/** @type {Reported} */
function reported(measure, report, before) {
  if (measure === 'loop_lag') return report.loop_lag / NS_PER_MS;
  if (measure === 'rss') return report.rss / MB;
  if (measure !== 'cpu') return report[measure];
  const passed_ns = report.at - (before?.at ?? report.at);
  return before && passed_ns ? (100 * (report.cpu - before.cpu)) / passed_ns : null;
}
