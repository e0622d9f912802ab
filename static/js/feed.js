/** One run's data on its way in: live messages, fetched frames, and what is missing in between. */

import { Clock } from './clock.js';
import { RunColumns } from './columns.js';
import { decode, envelopes, isEvent, NOT_STORED } from './frame.js';
import { Sequences } from './sequences.js';

/** @import { Envelope, Frame, Wide } from './frame.js' */

const AT_A_TIME = 250; // frames a request: a long run comes in pieces and is drawn as they come
const NS_PER_MS = 1e6;
// Which column of a frame says how late it was when the frame left.
const NEWEST = /** @type {Record<string, string[]>} */ ({
  begun: ['due', 'sent_first'],
  samples: ['done'],
  health: ['at'],
});

/**
 * @typedef {object} LaneData
 * @property {string} name
 * @property {string} family
 * @property {string} letter
 * @property {number | null} mark_s where a dashed line stands: theory's, or the end of a rate
 * @property {string} mark what it says
 */
/**
 * @typedef {object} RunData
 * @property {string} id
 * @property {string} status
 * @property {LaneData[]} lanes
 * @property {string} load in words
 * @property {number} requests
 * @property {number | null} duration_s of a rate
 * @property {number} rounds
 * @property {number[]} discarded_rounds
 * @property {number} [timeout_s]
 * @property {string} frames_url
 * @property {string} result_url
 * @property {string} stop_url
 */

export class Feed {
  #sequences = new Sequences();
  #clocks = /** @type {Map<string, Clock>} */ (new Map());
  #stored = 0; // frames that arrived, and samples in them: a mean for what is still to come
  #samples = 0;
  #fetching = false;
  #end = 0;

  /** @param {RunData} run */
  constructor(run) {
    this.run = run;
    this.columns = new RunColumns(run.requests, run.discarded_rounds);
    /** About how many samples are being fetched. */
    this.missing = 0;
    /** The first thing that went wrong in reading, for the page to say. */
    this.problem = '';
    /** Nothing grows any more. */
    this.over = false;
  }

  /** @param {ArrayBuffer} message from the websocket */
  live(message) {
    for (const envelope of envelopes(message)) this.#take(envelope, performance.now());
  }

  /**
   * A firing begins: its clock and its place are made, even if no frame comes for a while.
   * @param {number} lane
   * @param {number} round
   */
  began(lane, round) {
    this.columns.begin(lane, round);
  }

  /** @param {number} lane @param {number} round */
  fired(lane, round) {
    const firing = this.columns.begin(lane, round);
    firing.over = true;
    firing.version++;
  }

  /** Fetch what is missing of the stored frames below `end`. @param {number} end */
  async fetch(end) {
    this.#end = Math.max(this.#end, end);
    if (this.#fetching) return;
    this.#fetching = true;
    try {
      for (let range = this.#next(); range; range = this.#next()) await this.#fetchSome(...range);
    } catch (error) {
      // The connection broke: `watching` will ask again for what is missing then.
      if (!(error instanceof TypeError)) this.problem = String(error);
    } finally {
      this.#fetching = false;
      this.missing = 0;
    }
  }

  /** @returns {[number, number] | null} */
  #next() {
    const range = this.#sequences.missing(this.#end);
    if (!range) return null;
    const mean = this.#stored ? this.#samples / this.#stored : 1;
    this.missing = Math.max(1, Math.round((range[1] - range[0]) * mean));
    return [range[0], Math.min(range[1], range[0] + AT_A_TIME)];
  }

  /** @param {number} from @param {number} to */
  async #fetchSome(from, to) {
    const response = await fetch(`${this.run.frames_url}?from=${from}&to=${to}`);
    if (!response.ok) throw new Error(`frames ${from} to ${to}: the answer was ${response.status}`);
    const found = envelopes(await response.arrayBuffer());
    for (const envelope of found) this.#take(envelope, Number.NaN);
    // What the store does not hold will not come by asking again and again.
    for (let sequence = from; sequence < to; sequence++) this.#sequences.add(sequence);
  }

  /** @param {Envelope} envelope @param {number} arrived_ms NaN for what was stored */
  #take({ sequence, payload }, arrived_ms) {
    if (isEvent(payload)) return;
    if (sequence !== NOT_STORED && !this.#sequences.add(sequence)) return;
    try {
      const frame = decode(payload);
      this.columns.take(frame);
      this.#stored += sequence === NOT_STORED ? 0 : 1;
      this.#samples += frame.kind === 'samples' ? frame.rows : 0;
      if (!Number.isNaN(arrived_ms)) this.#observe(frame, arrived_ms);
    } catch (error) {
      this.problem ||= String(error);
    }
  }

  /** @param {Frame} frame @param {number} arrived_ms */
  #observe(frame, arrived_ms) {
    const key = `${frame.lane}:${frame.round}`;
    let clock = this.#clocks.get(key);
    if (!clock) {
      clock = new Clock();
      this.#clocks.set(key, clock);
    }
    for (const name of NEWEST[frame.kind] ?? []) {
      const column = /** @type {Wide} */ (frame.columns[name]);
      let newest = -1;
      for (let row = 0; row < frame.rows; row++) newest = Math.max(newest, column.at(row));
      if (newest >= 0) clock.observe(newest / NS_PER_MS, arrived_ms);
    }
  }

  /**
   * Where the bars of a firing's requests in flight end: now, or where nothing more is known.
   * @param {number} lane
   * @param {number} round
   * @param {number} browser_ms
   */
  now(lane, round, browser_ms) {
    const firing = this.columns.firing(lane, round);
    if (!firing) return 0;
    if (this.over || firing.over || firing.finished >= this.run.requests) return firing.lastDone_ms;
    const now = this.#clocks.get(`${lane}:${round}`)?.now(browser_ms) ?? 0;
    return Math.max(firing.lastDone_ms, Math.min(now, this.#latest(firing.lastDone_ms)));
  }

  /** @param {number} lastDone_ms nothing in flight outlives the timeout after it */
  #latest(lastDone_ms) {
    return lastDone_ms + (this.run.timeout_s ?? 3600) * 1000;
  }
}
