/** Receives one run's data: live messages, and fetched frames for the gaps between. */

import { RunColumns } from './columns.js';
import { decode, envelopes, NOT_STORED } from './frame.js';
import { Clock, Sequences } from './sequences.js';

const FRAMES_PER_FETCH = 250; // so that a long run is drawn while it loads
const READ_MS = 12; // of decoding before the page may draw
const NS_PER_MS = 1e6;
/** The columns that tell when a frame was sent. @type {Record<string, string[]>} */
export const NEWEST = { begun: ['due', 'sent_first'], samples: ['done'], health: ['at'] };

export class Feed {
  #sequences = new Sequences();
  #stored = 0; // frames, and their samples: to estimate the missing ones
  #samples = 0;
  #fetching = false;
  #end = 0;
  /** An estimate of the samples being fetched. */
  missing = 0;
  /** The first error, for the page to show. */
  problem = '';
  /** Firings that ended while the page was open. */
  firings = 0;
  /** True if no bar grows any more. */
  over = false;

  /** @param {RunData} run */
  constructor(run) {
    this.run = run;
    /** True until the frames stored so far have arrived. */
    this.loading = Boolean(run.id) && !run.replay;
    this.columns = new RunColumns(run.requests, run.discarded_rounds);
  }

  /** @param {ArrayBuffer} message */
  live(message) {
    for (const envelope of envelopes(message)) this.#take(envelope, performance.now());
  }

  /** @type {Fired} */
  fired(lane, round) {
    this.columns.begin(lane, round).over = true;
    this.firings++;
  }

  /** Fetch the missing stored frames below `end`. @param {number} end */
  async fetch(end) {
    this.#end = Math.max(this.#end, end);
    if (this.#fetching) return;
    this.#fetching = true;
    try {
      for (let range = this.#next(); range; range = this.#next()) await this.#fetchSome(...range);
      this.loading = false;
    } catch (error) {
      // The connection broke: after reconnecting, `watching` fetches again.
      if (error instanceof TypeError) return;
      this.problem = String(error);
      this.loading = false;
    } finally {
      this.#fetching = false;
      this.missing = 0;
    }
  }

  /** @returns {Chosen} */
  #next() {
    const range = this.#sequences.missing(this.#end);
    if (!range) return null;
    const mean = this.#stored ? this.#samples / this.#stored : 1;
    this.missing = Math.max(1, Math.round((range[1] - range[0]) * mean));
    return [range[0], Math.min(range[1], range[0] + FRAMES_PER_FETCH)];
  }

  /** @param {number} from @param {number} to */
  async #fetchSome(from, to) {
    const response = await fetch(`${this.run.frames_url}?from=${from}&to=${to}`);
    if (!response.ok) throw new Error(`frames ${from} to ${to}: the answer was ${response.status}`);
    let began_ms = performance.now();
    for (const envelope of envelopes(await response.arrayBuffer())) {
      this.#take(envelope, Number.NaN);
      if (performance.now() - began_ms < READ_MS) continue;
      await new Promise((resolve) => setTimeout(resolve));
      began_ms = performance.now();
    }
    // Frames that are not stored would be missing again.
    for (let sequence = from; sequence < to; sequence++) this.#sequences.add(sequence);
  }

  /** @param {Envelope} envelope @param {number} arrived_ms NaN if fetched */
  #take({ sequence, payload }, arrived_ms) {
    if (sequence !== NOT_STORED && !this.#sequences.add(sequence)) return;
    try {
      const frame = decode(payload);
      this.columns.take(frame, sequence);
      if (sequence !== NOT_STORED) {
        this.#stored++;
        if (frame.kind === 'samples') this.#samples += frame.rows;
      }
      if (!Number.isNaN(arrived_ms)) this.#observe(frame, arrived_ms);
    } catch (error) {
      this.problem ||= String(error);
    }
  }

  /** @type {ObserveFrame} */
  #observe({ kind, lane, round, rows, columns }, arrived_ms) {
    const firing = this.columns.begin(lane, round);
    firing.clock ??= new Clock(this.run.replay);
    for (const name of NEWEST[kind] ?? []) {
      const column = /** @type {Wide} */ (columns[name]);
      let newest = -1;
      for (let row = 0; row < rows; row++) newest = Math.max(newest, column.at(row));
      if (newest >= 0) firing.clock.observe(newest / NS_PER_MS, arrived_ms);
    }
  }

  /** Where the bars of requests in flight end. @type {NowIn} */
  now(lane, round, browser_ms) {
    const firing = this.columns.firing(lane, round);
    if (!firing) return 0;
    const { lastDone_ms } = firing;
    if (this.over || firing.over || firing.finished >= this.run.requests) return lastDone_ms;
    const now_ms = firing.clock?.now(browser_ms) ?? 0;
    // No request outlives its timeout.
    const latest_ms = lastDone_ms + (this.run.timeout_s ?? 3600) * 1000;
    return Math.max(lastDone_ms, Math.min(now_ms, latest_ms));
  }
}
