/**
 * What has arrived of one run: typed arrays for each lane and round, a slot a request.
 *
 * A sample's place is its request number, so the same frame may come twice (live, and fetched
 * again after a gap) and frames may come in any order: nothing doubles.
 */

/** @import { Columns, Frame, Narrow, Wide } from './frame.js' */

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

  /**
   * @param {Frame} frame of kind samples or begun
   */
  take({ kind, rows, columns }) {
    const requests = /** @type {Narrow} */ (columns.request);
    for (let row = 0; row < rows; row++) this.#makeRoom(requests[row]);
    if (kind === 'samples') this.#takeSamples(rows, requests, columns);
    else this.#takeBegun(rows, requests, columns);
    this.version++;
  }

  /**
   * @param {number} rows
   * @param {Narrow} requests
   * @param {Columns} columns
   */
  #takeSamples(rows, requests, columns) {
    const known = STAMPS.filter((name) => columns[name]);
    const error = /** @type {Narrow} */ (columns.error);
    const status = /** @type {Narrow} */ (columns.status);
    for (let row = 0; row < rows; row++) {
      const request = requests[row];
      if (this.state[request] === FINISHED) continue;
      this.begun += this.state[request] === UNKNOWN ? 1 : 0;
      this.state[request] = FINISHED;
      this.finished++;
      this.error[request] = error[row];
      this.status[request] = status[row];
      this.failed += error[row] ? 1 : 0;
      for (const name of known) {
        this.stamps[name][request] = milliseconds(/** @type {Wide} */ (columns[name]), row);
      }
      this.lastDone_ms = Math.max(this.lastDone_ms, this.stamps.done[request]);
      this.changed.push(request);
    }
  }

  /**
   * @param {number} rows
   * @param {Narrow} requests
   * @param {Columns} columns
   */
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
    this.status = grown(this.status, new Uint16Array(size));
    for (const name of STAMPS) {
      this.stamps[name] = grown(this.stamps[name], new Float64Array(size).fill(Number.NaN));
    }
  }
}

/** All firings of one run. */
export class RunColumns {
  #firings = /** @type {Map<string, Firing>} */ (new Map());

  /** @param {number} requests of a counted round */
  constructor(requests) {
    this.requests = requests;
    this.newestRound = 0;
  }

  /**
   * Take a frame in; kinds that nobody draws yet are let go.
   * @param {Frame} frame
   */
  take(frame) {
    if (frame.kind !== 'samples' && frame.kind !== 'begun') return;
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

  /**
   * @param {number} lane
   * @param {number} round
   */
  firing(lane, round) {
    return this.#firings.get(`${lane}:${round}`);
  }

  /**
   * The firings that count, those of the warm-up left out.
   * @param {number} lane
   */
  counted(lane) {
    const found = [];
    for (let round = 1; round <= this.newestRound; round++) {
      const firing = this.firing(lane, round);
      if (firing) found.push(firing);
    }
    return found;
  }
}

/**
 * @template {Uint8Array | Uint16Array | Float64Array} T
 * @param {T} from
 * @param {T} to
 */
function grown(from, to) {
  to.set(from);
  return to;
}

/**
 * @param {Wide} column
 * @param {number} row
 */
function milliseconds(column, row) {
  const value = column.at(row);
  return value < 0 ? Number.NaN : value / NS_PER_MS;
}
