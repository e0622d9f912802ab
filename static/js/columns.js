/**
 * What has arrived of one run: typed arrays for each lane and round, a slot a request.
 *
 * A sample's place is its request number, so the same frame may come twice (live, and fetched
 * again after a gap) and frames may come in any order: nothing doubles.
 */

import { Wide } from './frame.js';
import { BINS, binOf } from './histogram.js';

const NS_PER_MS = 1e6;
const WARM_UP = 16; // requests of a warm-up, at most

/** The instants that are kept, in the order in which they stand; milliseconds, NaN: not known. */
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
/** @type {(keyof Health)[]} */
const HEALTH = ['at', 'process', 'in_app', 'in_view', 'loop_lag', 'threads', 'rss', 'cpu'];

/** What is known of a request. */
export const UNKNOWN = 0;
export const BEGUN = 1;
export const FINISHED = 2;

export class Firing {
  begun = 0; // requests that have started, finished ones among them
  finished = 0;
  failed = 0;
  lastDone_ms = 0;
  shortest_ms = Number.POSITIVE_INFINITY; // of those that succeeded
  longest_ms = 0;
  health = /** @type {Health[]} */ ([]);
  over = false; // the engine said so
  version = 0; // another one with every change, so that a chart knows whether to look
  open = /** @type {Set<number>} */ (new Set()); // in flight
  /** Requests whose bar changed since the waterfall last took them. @type {number[]} */
  changed = [];
  /** Response times of those that succeeded. */
  histogram = new Uint32Array(BINS);
  stamps = /** @type {Record<Stamp, Float64Array>} */ ({});
  #selected = { key: '', done: 0, failed: 0, histogram: this.histogram };

  /** @param {number} requests how many to expect; more grow the arrays */
  constructor(requests) {
    this.order = new Uint32Array(requests); // the finished ones as they came
    this.state = new Uint8Array(requests);
    this.error = new Uint8Array(requests);
    this.status = new Uint16Array(requests);
    this.bin = new Uint16Array(requests);
    for (const name of STAMPS) this.stamps[name] = new Float64Array(requests).fill(Number.NaN);
  }

  /** @param {Frame} frame */
  take({ kind, rows, columns }) {
    this.version++;
    if (kind === 'health') return this.#takeHealth(rows, columns);
    const requests = /** @type {Narrow} */ (columns.request);
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
    if (state === BEGUN) return;
    const [error, status] = /** @type {Narrow[]} */ ([columns.error, columns.status]);
    for (const row of fresh) this.#count(requests[row], error[row], status[row]);
  }

  /** @type {Enter} */
  #enter(request, state) {
    const before = this.state[request];
    if (before === FINISHED) return false;
    if (before === UNKNOWN) this.begun++;
    if (state === BEGUN) this.open.add(request);
    else {
      if (before) this.open.delete(request);
      this.order[this.finished++] = request;
    }
    this.state[request] = state;
    this.changed.push(request);
    return true;
  }

  /** @type {CountOne} */
  #count(request, error, status) {
    const { due, done } = this.stamps;
    const took_ms = done[request] - due[request];
    this.error[request] = error;
    this.status[request] = status;
    this.lastDone_ms = Math.max(this.lastDone_ms, done[request]);
    this.bin[request] = binOf(took_ms);
    if (error) {
      this.failed++;
      return;
    }
    this.histogram[this.bin[request]]++;
    this.shortest_ms = Math.min(this.shortest_ms, took_ms);
    this.longest_ms = Math.max(this.longest_ms, took_ms);
  }

  /** @param {Chosen} selection */
  within(selection) {
    const { finished: done, failed, histogram } = this;
    if (!selection) return { done, failed, histogram };
    const key = `${selection} ${this.version}`;
    if (this.#selected.key === key) return this.#selected;
    const found = { key, done: 0, failed: 0, histogram: new Uint32Array(BINS) };
    for (let i = 0; i < done; i++) {
      const request = this.order[i];
      if (!this.isWithin(selection, request)) continue;
      found.done++;
      if (this.error[request]) found.failed++;
      else found.histogram[this.bin[request]]++;
    }
    this.#selected = found;
    return found;
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
      const found = HEALTH.map((name) => {
        const column = columns[name];
        return [name, column instanceof Wide ? column.at(row) : (column?.[row] ?? -1)];
      });
      this.health.push(Object.fromEntries(found));
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

/** All firings of one run. */
export class RunColumns {
  #firings = /** @type {Map<string, Firing>} */ (new Map());
  newestRound = 0;

  /**
   * @param {number} requests of a counted round
   * @param {number[]} [discarded] rounds that were repeated under another number
   */
  constructor(requests, discarded) {
    this.requests = requests;
    this.discarded = new Set(discarded);
  }

  /** Kinds that nobody draws are let go. @param {Frame} frame */
  take(frame) {
    if (!['samples', 'begun', 'health'].includes(frame.kind)) return;
    this.begin(frame.lane, frame.round).take(frame);
  }

  /** Made if it is the first that is heard of it. @type {Begin} */
  begin(lane, round) {
    const before = this.firing(lane, round);
    if (before) return before;
    const firing = new Firing(round ? this.requests : Math.min(this.requests, WARM_UP));
    this.#firings.set(`${lane}:${round}`, firing);
    this.newestRound = Math.max(this.newestRound, round);
    return firing;
  }

  /** @type {FiringOf} */
  firing(lane, round) {
    return this.#firings.get(`${lane}:${round}`);
  }

  /** The firings that count: no warm-up, and no round that was discarded. @param {number} lane */
  counted(lane) {
    const found = [];
    for (let round = 1; round <= this.newestRound; round++) {
      const firing = this.firing(lane, round);
      if (firing && !this.discarded.has(round)) found.push(firing);
    }
    return found;
  }
}

/**
 * @template {Narrow | Float64Array} T
 * @param {T} from
 * @param {number} size
 * @returns {T}
 */
function grown(from, size) {
  // In an array of integers NaN is 0.
  const to = new /** @type {any} */ (from.constructor)(size).fill(Number.NaN);
  to.set(from);
  return to;
}
