/** Frames and firings made by hand, for the tests. Times are milliseconds. */
import { STAMPS } from '../../static/js/data/columns.js';
export type Row = {
  request: number;
  status?: number;
  error?: number;
} & Partial<Record<(typeof STAMPS)[number], number>>;
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
export declare function samples(
  rows: Row[],
  {
    lane,
    round,
  }?: {
    lane?: number;
    round?: number;
  },
): Frame;
/**
 * A decoded frame of kind `begun`.
 * @param {{request: number, due?: number, sent_first?: number}[]} rows
 * @param {{lane?: number, round?: number}} [where]
 * @returns {Frame}
 */
export declare function begun(
  rows: {
    request: number;
    due?: number;
    sent_first?: number;
  }[],
  {
    lane,
    round,
  }?: {
    lane?: number;
    round?: number;
  },
): Frame;
/**
 * A whole request that waited `server` ms in the server and 100 ms in the view.
 * @param {number} request
 * @param {number} server
 * @returns {Row}
 */
export declare function whole(request: number, server: number): Row;
/**
 * The firing of lane 0, round 1 after these frames.
 * @param {number} requests
 * @param {...Frame} frames
 */
export declare function firingOf(
  requests: number,
  ...frames: Frame[]
): import('../../static/js/data/columns.js').Firing;
/** From 0 to 1, the same numbers in every run of the tests. */
export declare function random(): number;
/**
 * Requests that are due at any time and take long at times.
 * @param {number} n
 * @param {number} [seed]
 */
export declare function scattered(
  n: number,
  seed?: number,
): {
  request: number;
  due: number;
  done: number;
}[];
/** A decoded frame of kind `counts`: what a sample left out of the stored frame `stands_for`. */
export declare function counts(
  rows: Row[],
  extra: {
    every?: number;
    in_flight?: number;
    stands_for?: number;
  },
): Frame;
