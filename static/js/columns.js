/**
 * What has arrived of one run: typed arrays for each lane and round, a slot a request.
 *
 * A sample's place is its request number, so the same frame may come twice (live, and fetched
 * again after a gap) and frames may come in any order: nothing doubles.
 */

import { Wide } from './frame.js';

/** @import { Columns, Frame, Narrow } from './frame.js' */

const NS_PER_MS = 1e6;

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

/** @typedef {typeof STAMPS[number]} Stamp */

/** What is kept of a target's health; lengths and instants are nanoseconds there, -1: not known. */
const HEALTH = /** @type {const} */ ([
  'at',
  'process',
  'in_app',
  'in_view',
  'loop_lag',
  'threads',
  'rss',
  'cpu',
]);
/** @typedef {Record<typeof HEALTH[number], number>} Health */

/** What `error` says, by docs/frame.md. */
export const ERRORS = [
  '',
  'refused',
  'unreachable',
  'no-descriptors',
  'timeout',
  'reset',
  'closed',
  'malformed',
  'http',
  'aborted',
  'tls',
  'endless-head',
  'surplus',
  'client',
];

/** What is known of a request. */
export const UNKNOWN = 0;
export const BEGUN = 1;
export const FINISHED = 2;

/** One burst at one lane. */
export class Firing {
  /** @param {number} requests how many to expect; more grow the arrays */
  constructor(requests) {
    this.begun = 0; // requests that have started, finished ones among them
    this.finished = 0;
    this.failed = 0;
    this.lastDone_ms = 0;
    /** Of the requests that succeeded. */
    this.shortest_ms = Number.POSITIVE_INFINITY;
    this.longest_ms = 0;
    this.order = new Uint32Array(requests); // the finished ones as they came
    this.health = /** @type {Health[]} */ ([]);
    this.over = false; // the engine said so
    /** Changes with every change, so that a chart knows whether to look. */
    this.version = 0;
    /** Requests whose bar changed since the chart last took them. @type {number[]} */
    this.changed = [];
    this.state = new Uint8Array(requests);
    this.error = new Uint8Array(requests);
    this.status = new Uint16Array(requests);
    this.stamps = /** @type {Record<Stamp, Float64Array>} */ ({});
    for (const name of STAMPS) this.stamps[name] = new Float64Array(requests).fill(Number.NaN);
  }

  /** @param {Frame} frame of kind samples or begun */
  take({ kind, rows, columns }) {
    this.version++;
    if (kind === 'health') return this.#takeHealth(rows, columns);
    const requests = /** @type {Narrow} */ (columns.request);
    for (let row = 0; row < rows; row++) this.#makeRoom(requests[row]);
    if (kind === 'samples') this.#takeSamples(rows, requests, columns);
    else this.#takeBegun(rows, requests, columns);
  }

  /** @param {number} rows @param {Columns} columns */
  #takeHealth(rows, columns) {
    for (let row = 0; row < rows; row++) {
      const found = /** @type {Health} */ ({});
      for (const name of HEALTH) {
        const column = columns[name];
        found[name] = column instanceof Wide ? column.at(row) : (column?.[row] ?? -1);
      }
      this.health.push(found);
    }
  }

  /** @param {number} rows @param {Narrow} requests @param {Columns} columns */
  #takeSamples(rows, requests, columns) {
    const known = STAMPS.filter((name) => columns[name]);
    const error = /** @type {Narrow} */ (columns.error);
    const status = /** @type {Narrow} */ (columns.status);
    for (let row = 0; row < rows; row++) {
      const request = requests[row];
      if (this.state[request] === FINISHED) continue;
      this.begun += this.state[request] === UNKNOWN ? 1 : 0;
      this.state[request] = FINISHED;
      this.order[this.finished++] = request;
      this.error[request] = error[row];
      this.status[request] = status[row];
      this.failed += error[row] ? 1 : 0;
      for (const name of known) {
        this.stamps[name][request] = milliseconds(/** @type {Wide} */ (columns[name]), row);
      }
      const { due, done } = this.stamps;
      this.lastDone_ms = Math.max(this.lastDone_ms, done[request]);
      if (!error[row]) {
        this.shortest_ms = Math.min(this.shortest_ms, done[request] - due[request]);
        this.longest_ms = Math.max(this.longest_ms, done[request] - due[request]);
      }
      this.changed.push(request);
    }
  }

  /** @param {number} rows @param {Narrow} requests @param {Columns} columns */
  #takeBegun(rows, requests, columns) {
    const { due, sent_first } = this.stamps;
    for (let row = 0; row < rows; row++) {
      const request = requests[row];
      if (this.state[request] === FINISHED) continue;
      this.begun += this.state[request] === UNKNOWN ? 1 : 0;
      this.state[request] = BEGUN;
      due[request] = milliseconds(/** @type {Wide} */ (columns.due), row);
      sent_first[request] = milliseconds(/** @type {Wide} */ (columns.sent_first), row);
      this.changed.push(request);
    }
  }

  /** @param {number} request */
  #makeRoom(request) {
    if (request < this.state.length) return;
    const size = Math.max(2 * this.state.length, request + 1);
    this.state = grown(this.state, new Uint8Array(size));
    this.error = grown(this.error, new Uint8Array(size));
    this.order = grown(this.order, new Uint32Array(size));
    this.status = grown(this.status, new Uint16Array(size));
    for (const name of STAMPS) {
      this.stamps[name] = grown(this.stamps[name], new Float64Array(size).fill(Number.NaN));
    }
  }
}

/** All firings of one run. */
export class RunColumns {
  #firings = /** @type {Map<string, Firing>} */ (new Map());

  /**
   * @param {number} requests of a counted round
   * @param {number[]} [discarded] rounds that were repeated under another number
   */
  constructor(requests, discarded) {
    this.requests = requests;
    this.discarded = new Set(discarded);
    this.newestRound = 0;
  }

  /** Take a frame in; kinds that nobody draws yet are let go. @param {Frame} frame */
  take(frame) {
    if (!['samples', 'begun', 'health'].includes(frame.kind)) return;
    this.begin(frame.lane, frame.round).take(frame);
  }

  /**
   * The firing, made if it is the first that is heard of it.
   * @param {number} lane
   * @param {number} round
   */
  begin(lane, round) {
    const key = `${lane}:${round}`;
    let firing = this.#firings.get(key);
    if (!firing) {
      firing = new Firing(round ? this.requests : Math.min(this.requests, 16));
      this.#firings.set(key, firing);
      this.newestRound = Math.max(this.newestRound, round);
    }
    return firing;
  }

  /** @param {number} lane @param {number} round */
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
 * @template {Uint8Array | Uint16Array | Uint32Array | Float64Array} T
 * @param {T} from
 * @param {T} to
 */
function grown(from, to) {
  to.set(from);
  return to;
}

/** @param {Wide} column @param {number} row */
function milliseconds(column, row) {
  const value = column.at(row);
  return value < 0 ? Number.NaN : value / NS_PER_MS;
}
