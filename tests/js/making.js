/** Frames and firings made by hand, for the tests. Times are milliseconds. */

import { RunColumns, STAMPS } from '../../static/js/data/columns.js';
import { Wide } from '../../static/js/data/frame.js';
import { binOf } from '../../static/js/data/histogram.js';

const NS_PER_MS = 1e6;
const HIGH = 2 ** 32;

/** @param {number[]} times_ms NaN if unknown */
function wide(times_ms) {
  const halves = new Int32Array(2 * times_ms.length);
  times_ms.forEach((ms, row) => {
    const value = Number.isNaN(ms) ? -1 : Math.round(ms * NS_PER_MS);
    halves[2 * row] = (value % HIGH) | 0;
    halves[2 * row + 1] = Math.floor(value / HIGH);
  });
  return new Wide(halves.buffer);
}

/**
 * @typedef {{request: number, status?: number, error?: number} &
 *   Partial<Record<typeof STAMPS[number], number>>} Row
 */

/**
 * A decoded frame of kind `samples`; what a row leaves out is not known.
 * @param {Row[]} rows
 * @param {{lane?: number, round?: number}} [where]
 * @returns {Frame}
 */
export function samples(rows, { lane = 0, round = 1 } = {}) {
  /** @type {Columns} */
  const columns = {
    request: Uint32Array.from(rows, (row) => row.request),
    status: Uint16Array.from(rows, (row) => row.status ?? 200),
    error: Uint8Array.from(rows, (row) => row.error ?? 0),
  };
  for (const name of STAMPS) columns[name] = wide(rows.map((row) => row[name] ?? Number.NaN));
  return { kind: 'samples', lane, round, rows: rows.length, columns };
}

/**
 * A decoded frame of kind `begun`.
 * @param {{request: number, due?: number, sent_first?: number}[]} rows
 * @param {{lane?: number, round?: number}} [where]
 * @returns {Frame}
 */
export function begun(rows, { lane = 0, round = 1 } = {}) {
  return {
    kind: 'begun',
    lane,
    round,
    rows: rows.length,
    columns: {
      request: Uint32Array.from(rows, (row) => row.request),
      due: wide(rows.map((row) => row.due ?? 0)),
      sent_first: wide(rows.map((row) => row.sent_first ?? Number.NaN)),
    },
  };
}

/**
 * A report: a frame of kind `begun` with the instant up to which everything has arrived.
 * @param {Parameters<typeof begun>[0]} rows
 * @param {{at: number, origin?: number, engine?: number, engines?: number, snapshot?: number,
 *   lane?: number, round?: number}} header
 * @returns {Frame}
 */
export function report(rows, { at, origin = 0, lane, round, ...header }) {
  const clock = { at_ns: at * NS_PER_MS, origin_ns: origin * NS_PER_MS };
  return { ...begun(rows, { lane, round }), ...clock, ...header };
}

/**
 * A decoded frame of kind `counts`: what a sample left out of the stored frame `stands_for`.
 * @param {Row[]} rows
 * @param {{every?: number, in_flight?: number, stands_for?: number}} extra
 * @returns {Frame}
 */
export function counts(rows, extra) {
  return {
    kind: 'counts',
    lane: 0,
    round: 1,
    rows: rows.length,
    columns: {
      done: wide(rows.map(({ done = 0 }) => done)),
      bin: Uint16Array.from(rows, ({ due = 0, done = 0 }) => binOf(done - due)),
      failed: Uint8Array.from(rows, ({ error }) => (error ? 1 : 0)),
      requests: new Uint32Array(rows.length).fill(1),
    },
    ...extra,
  };
}

/**
 * A whole request that waited `server` ms in the server and 100 ms in the view.
 * @param {number} request
 * @param {number} server
 * @returns {Row}
 */
export function whole(request, server) {
  const entered = 2 + server;
  return {
    request,
    due: 0,
    connecting: 0.5,
    sent_first: 1,
    sent: 2,
    entered,
    view_entered: entered + 3,
    view_left: entered + 103,
    first_byte: entered + 104,
    done: entered + 105,
  };
}

/**
 * The firing of lane 0, round 1 after these frames.
 * @param {number} requests
 * @param {...Frame} frames
 */
export function firingOf(requests, ...frames) {
  const columns = new RunColumns(requests);
  for (const frame of frames) columns.take(frame);
  return columns.begin(0, 1);
}

let state = 7;

/** From 0 to 1, the same numbers in every run of the tests. */
export function random() {
  state = (state * 1103515245 + 12345) % 2 ** 31;
  return state / 2 ** 31;
}

/**
 * Requests that are due at any time and take long at times.
 * @param {number} n
 * @param {number} [seed]
 */
export function scattered(n, seed = 7) {
  state = seed;
  return Array.from({ length: n }, (_, request) => {
    const due = Math.round(random() * 500);
    return { request, due, done: due + Math.round(1 + random() ** 3 * 900) };
  });
}
