/** A firing over time: its requests, and the load of its target. */

import { BINS, edgeOf } from '../data/histogram.js';

const NS_PER_MS = 1e6;
const MIB = 2 ** 20;
export const OF_ANY_PROCESS = ['threads', 'rss', 'cpu'];
export const HOLDS_MS = 250; // a report is valid for five periods
export const COLUMNS = 120; // stretches of the axis
export const FINE = 600; // of a chart as wide as the page
export const FOLD = 4; // bins per row of the grid: two percent
export const HIGH = Math.ceil(BINS / FOLD);

/** Requests by stretches of time, counted once, as they come. */
export class OverTime {
  #key = '';
  #from_ms = 0;
  #scale = 1; // stretches per millisecond
  #firing = /** @type {Firing | undefined} */ (undefined);
  #taken = 0;
  #counted = 0;
  #started = new Int32Array();
  /** Requests finished between each instant and the one before. */
  ended = new Int32Array();
  #fine = new Int32Array();
  /** Successful ones, by stretch and response time: FOLD bins per row. */
  grid = new Uint32Array(COLUMNS * HIGH);

  /** @type {TakeFiring} */
  take(firing, [from_ms, to_ms]) {
    const key = `${from_ms} ${to_ms}`;
    if (firing !== this.#firing || key !== this.#key) {
      this.#key = key;
      this.#from_ms = from_ms;
      this.#scale = COLUMNS / (to_ms - from_ms);
      this.#firing = firing;
      this.#taken = this.#counted = 0;
      this.#started = new Int32Array(COLUMNS + 2);
      this.ended = new Int32Array(COLUMNS + 2);
      this.#fine = new Int32Array(FINE + 2);
      this.grid.fill(0);
    }
    if (!firing) return;
    const { order, rows, error, status, bin, stamps, counts } = firing;
    /** @type {CountOver} */
    const add = (due_ms, done_ms, bin, failed, many) => {
      const at = (done_ms - from_ms) * this.#scale;
      this.ended[place(at)] += many;
      this.#fine[place((at * FINE) / COLUMNS, FINE)] += many;
      this.#started[this.#place(due_ms)] += many;
      if (failed || at < 0 || at > COLUMNS) return;
      this.grid[Math.min(Math.floor(at), COLUMNS - 1) * HIGH + Math.floor(bin / FOLD)] += many;
    };
    for (; this.#taken < rows; this.#taken++) {
      const request = order[this.#taken];
      if (error[request] || status[request])
        add(stamps.due[request], stamps.done[request], bin[request], error[request], 1);
      else this.#started[this.#place(stamps.due[request])]++; // cut off in flight
    }
    firing.eachCount(this.#counted, (done_ms, bin, failed, many) =>
      add(done_ms - edgeOf(bin), done_ms, bin, failed, many),
    );
    this.#counted = counts.length;
  }

  /** @param {number} ms */
  #place(ms) {
    return place((ms - this.#from_ms) * this.#scale);
  }

  /** Requests in flight at each instant; null beyond `now_ms`. @param {number} now_ms */
  inFlight(now_ms) {
    const started = this.#started.slice();
    const firing = this.#firing;
    if (firing) {
      for (const request of firing.open) started[this.#place(firing.stamps.due[request])]++;
      // Requests that are only counted have no known start.
      const counted = firing.begun - firing.finished - firing.open.size;
      started[this.#place(firing.lastDone_ms)] += counted;
    }
    let many = 0;
    return Array.from({ length: COLUMNS + 1 }, (_, point) => {
      many += started[point] - this.ended[point];
      return point <= (now_ms - this.#from_ms) * this.#scale + 1 ? many : null;
    });
  }

  /** Requests finished by each of FINE + 1 instants; null beyond `now_ms`. @param {number} now_ms */
  doneBy(now_ms) {
    const last = ((now_ms - this.#from_ms) * this.#scale * FINE) / COLUMNS + 1;
    let many = 0;
    return Array.from({ length: FINE + 1 }, (_, point) => {
      many += this.#fine[point];
      return point <= last ? many : null;
    });
  }

  /** @type {Times} */
  times(first, last) {
    const sums = new Uint32Array(HIGH);
    for (let column = first; column < last; column++) {
      for (let row = 0; row < HIGH; row++) sums[row] += this.grid[column * HIGH + row];
    }
    return sums;
  }
}

/** The instant that counts it; 0 before the axis. @param {number} at */
const place = (at, most = COLUMNS) => Math.min(Math.max(Math.ceil(at), 0), most + 1);

/**
 * The sum over a target's processes at each instant, for loop lag the maximum; CPU in percent of a
 * core, memory in MiB; null if the value of a live process is unknown.
 * @type {LoadOverTime}
 */
export function loadOverTime({ health }, measure, [from_ms, to_ms], points) {
  const step_ms = (to_ms - from_ms) / (points - 1);
  const place = (/** @type {number} */ ms) => Math.max(Math.ceil((ms - from_ms) / step_ms), 0);
  const processes = /** @type {Map<number, Course>} */ (new Map());
  for (const report of [...health].sort((a, b) => a.at - b.at)) {
    const isReported = report[measure] >= 0;
    if (!isReported && !OF_ANY_PROCESS.includes(measure)) continue;
    const at = place(report.at / NS_PER_MS);
    const course =
      processes.get(report.process) ??
      /** @type {Course} */ ({ values: new Array(points).fill(null, at) });
    processes.set(report.process, course);
    const value = isReported ? reported(measure, report, course.before) : null;
    if (isReported) course.before = report;
    if (value !== null) course.values.fill(value, at, place(report.at / NS_PER_MS + HOLDS_MS));
    if (report.rss === 0) course.values.fill(undefined, at); // the process has ended
  }
  const courses = [...processes.values()];
  return Array.from({ length: points }, (_, point) => {
    const live = courses.map(({ values }) => values[point]);
    const values = live.filter((value) => typeof value === 'number');
    if (!values.length || live.includes(null)) return null;
    return measure === 'loop_lag'
      ? Math.max(...values)
      : values.reduce((sum, value) => sum + value);
  });
}

/** @type {Reported} */
function reported(measure, report, before) {
  if (measure === 'loop_lag') return report.loop_lag / NS_PER_MS;
  if (measure === 'rss') return report.rss / MIB;
  if (measure !== 'cpu') return report[measure];
  const passed_ns = report.at - (before?.at ?? report.at);
  return before && passed_ns ? (100 * (report.cpu - before.cpu)) / passed_ns : null;
}
