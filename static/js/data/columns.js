/**
 * The data of one run: typed arrays for each lane and round, one slot per request.
 *
 * Slots are request numbers, so a frame may come twice (live, and fetched again after a gap) and
 * frames may come in any order: nothing is counted twice.
 */

import { Wide } from './frame.js';
import { binOf } from './histogram.js';

const NS_PER_MS = 1e6;
const LAST_MS = 2 ** 52 / NS_PER_MS; // reported by a load generator whose share is over
export const WARM_UP = 16; // at most as many requests

/** Timestamps in order; milliseconds, NaN if unknown. */
export const STAMPS = /** @type {const} */ ([
  'due',
  'connecting',
  'sent_first',
  'sent',
  'entered',
  'view_entered',
  'view_left',
  'first_byte',
  'done',
]);

export const DRAWN = ['samples', 'begun', 'health', 'counts'];

/** The states of a request. */
export const UNKNOWN = 0;
export const BEGUN = 1;
export const FINISHED = 2;

export class Firing {
  begun = 0; // requests, finished ones included
  finished = 0;
  rows = 0; // samples; the others of a dense stream are only counted
  every = 1; // 1 in so many requests comes as a sample
  failed = 0;
  cutOff = 0; // by Stop: without error and status
  lastDone_ms = 0;
  health = /** @type {Health[]} */ ([]);
  origin_ms = Number.NaN; // by the server's clock; NaN until a `begun` frame
  /** Bars in flight end here: every request that finished before has arrived. */
  reported_ms = 0;
  #reports = /** @type {Map<number, number>} */ (new Map()); // by load generator
  open = /** @type {Set<number>} */ (new Set()); // in flight
  /** Requests with bars to draw. @type {number[]} */
  changed = [];
  stamps = /** @type {Record<Stamp, Float64Array>} */ ({});
  /** Subtracted again when samples replace them. @type {Counts[]} */
  counts = [];
  #replaced = /** @type {Map<unknown, Frame>} */ (new Map());

  /** @param {number} requests expected; the arrays grow if there are more */
  constructor(requests) {
    this.order = new Uint32Array(requests); // finished requests as they came
    this.state = new Uint8Array(requests);
    this.error = new Uint8Array(requests);
    this.status = new Uint16Array(requests);
    this.bin = new Uint16Array(requests);
    for (const name of STAMPS) this.stamps[name] = new Float64Array(requests).fill(Number.NaN);
  }

  /** @type {TakeFrame} */
  take(frame, sequence) {
    const { kind, rows, columns } = frame;
    if (kind === 'health') return this.#takeHealth(rows, columns);
    if (kind === 'counts') return this.#takeCounts(frame);
    this.#add(this.#replaced.get(sequence), -1);
    if (this.#replaced.delete(sequence) && !this.#replaced.size) this.every = 1;
    const requests = /** @type {Narrow} */ (columns.request);
    if (frame.snapshot) this.#keepOpen(requests);
    for (let row = 0; row < rows; row++) this.#makeRoom(requests[row]);
    const state = kind === 'samples' ? FINISHED : BEGUN;
    const fresh = [];
    for (let row = 0; row < rows; row++) {
      if (this.#enter(requests[row], state)) fresh.push(row);
    }
    for (const name of STAMPS) {
      const [column, stamps] = [columns[name], this.stamps[name]];
      if (!(column instanceof Wide)) continue;
      for (const row of fresh) {
        const value = column.at(row);
        stamps[requests[row]] = value < 0 ? Number.NaN : value / NS_PER_MS;
      }
    }
    if (state === BEGUN) return this.#report(frame);
    const [error, status] = /** @type {Narrow[]} */ ([columns.error, columns.status]);
    for (const row of fresh) this.#count(requests[row], error[row], status[row]);
  }

  /** The clock, which never goes back. @param {Frame} frame */
  #report({ at_ns = 0, engine = 0, engines = 1, snapshot, origin_ns = Number.NaN }) {
    this.origin_ms = origin_ns / NS_PER_MS;
    let at_ms = at_ns / NS_PER_MS;
    if (!snapshot) {
      this.#reports.set(engine, at_ms);
      at_ms = this.#reports.size < engines ? 0 : Math.min(...this.#reports.values());
    }
    if (at_ms < LAST_MS) this.reported_ms = Math.max(this.reported_ms, at_ms);
  }

  /** Of the rest it is unknown whether they have finished. @param {Narrow} inFlight */
  #keepOpen(inFlight) {
    const reported = new Set(inFlight);
    for (const request of [...this.open].filter((request) => !reported.has(request))) {
      this.open.delete(request);
      this.state[request] = UNKNOWN;
      this.begun--;
      this.changed.push(request);
    }
  }

  /** @param {Frame} frame */
  #takeCounts(frame) {
    const { every = 1, in_flight = 0, stands_for } = frame;
    if (every > this.every) {
      // Most of their samples will not come, so nothing would end their bars.
      for (const request of this.open) this.state[request] = UNKNOWN;
      this.open.clear();
    }
    this.every = every;
    if (frame.rows) this.#replaced.set(stands_for, frame);
    this.#add(frame, 1);
    this.begun = this.finished + in_flight;
  }

  /** @type {AddCounts} */
  #add(frame, sign) {
    if (!frame) return;
    this.counts.push({ ...frame, sign });
    this.eachCount(this.counts.length - 1, (_done_ms, _bin, failed, many) => {
      this.begun += many;
      this.finished += many;
      if (failed) this.failed += many;
    });
  }

  /** @type {EachCount} */
  eachCount(from, take) {
    for (const { rows, columns, sign } of this.counts.slice(from)) {
      const { done, bin, failed, requests } = /** @type {CountColumns} */ (columns);
      for (let row = 0; row < rows; row++)
        take(done.at(row) / NS_PER_MS, bin[row], failed[row], sign * requests[row]);
    }
  }

  /** @type {Enter} */
  #enter(request, state) {
    const before = this.state[request];
    if (before === FINISHED) return false;
    if (before === UNKNOWN) this.begun++;
    if (state === BEGUN) this.open.add(request);
    else {
      if (before) this.open.delete(request);
      this.order[this.rows++] = request;
      this.finished++;
    }
    this.state[request] = state;
    this.changed.push(request);
    return true;
  }

  /** @type {CountOne} */
  #count(request, error, status) {
    const { due, done } = this.stamps;
    if (error === 9) this.cutOff++;
    else this.error[request] = error;
    this.status[request] = status;
    this.lastDone_ms = Math.max(this.lastDone_ms, done[request]);
    this.bin[request] = binOf(done[request] - due[request]);
    if (this.error[request]) this.failed++;
  }

  /** @type {IsWithin} */
  isWithin(selection, request) {
    if (!selection) return true;
    const done_ms = this.stamps.done[request];
    return done_ms >= selection[0] && done_ms < selection[1];
  }

  /** @type {TakeHealth} */
  #takeHealth(rows, columns) {
    for (let row = 0; row < rows; row++) {
      const report = Object.entries(columns).map(([name, column]) => [name, column.at(row)]);
      this.health.push(Object.fromEntries(report));
    }
  }

  /** @param {number} request */
  #makeRoom(request) {
    if (request < this.state.length) return;
    const size = Math.max(2 * this.state.length, request + 1);
    for (const name of /** @type {const} */ (['state', 'error', 'order', 'status', 'bin'])) {
      /** @type {any} */ (this)[name] = grown(this[name], size);
    }
    for (const name of STAMPS) this.stamps[name] = grown(this.stamps[name], size);
  }
}

/** The firings of one run. */
export class RunColumns {
  #firings = /** @type {Map<string, Firing>} */ (new Map());
  newestRound = 0;

  /**
   * @param {number} requests of a counted round
   * @param {number[]} [discarded] rounds, repeated under other numbers
   */
  constructor(requests, discarded) {
    this.requests = requests;
    this.discarded = new Set(discarded);
  }

  /** Ignores kinds that are not drawn. @type {TakeFrame} */
  take(frame, sequence) {
    if (!DRAWN.includes(frame.kind)) return;
    this.begin(frame.lane, frame.round).take(frame, sequence);
  }

  /** Returns the firing, a new one if needed. @type {Begin} */
  begin(lane, round) {
    const begun = this.firing(lane, round);
    if (begun) return begun;
    const firing = new Firing(round ? this.requests : Math.min(this.requests, WARM_UP));
    this.#firings.set(`${lane}:${round}`, firing);
    this.newestRound = Math.max(this.newestRound, round);
    return firing;
  }

  /** @type {FiringOf} */
  firing(lane, round) {
    return this.#firings.get(`${lane}:${round}`);
  }

  /** All but warm-up and discarded rounds. @param {number} lane */
  counted(lane) {
    const firings = [];
    for (let round = 1; round <= this.newestRound; round++) {
      const firing = this.firing(lane, round);
      if (firing && !this.discarded.has(round)) firings.push(firing);
    }
    return firings;
  }
}

/** A larger copy; in an array of integers, NaN becomes 0. @param {any} from @param {number} size */
function grown(from, size) {
  const to = new from.constructor(size).fill(Number.NaN);
  to.set(from);
  return to;
}
