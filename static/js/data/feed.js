/** Receives one run's data: live messages, and fetched frames for the gaps between. */

import { RunColumns } from './columns.js';
import { decode, envelopes, FrameError, NOT_STORED } from './frame.js';
import { Lag } from './lag.js';
import { Sequences } from './sequences.js';
import { isOfRun } from './shapes.js';

const FRAMES_PER_FETCH = 250; // so that a long run is drawn while it loads
const READ_MS = 12; // of decoding before the page may draw

export class Feed {
  #sequences = new Sequences();
  #stored = 0; // frames, and their samples: to estimate the missing ones
  #samples = 0;
  #fetching = false;
  #end = 0;
  #connection = new AbortController();
  /** An estimate of the samples being fetched. */
  missing = 0;
  /** The first error, for the page to show. */
  problem = '';
  /** Firings that ended while the page was open. */
  firings = 0;
  lag = new Lag();

  /** @param {RunData} run */
  constructor(run) {
    this.run = run;
    /** True until the frames stored so far have arrived. */
    this.loading = Boolean(run.id) && !run.replay;
    this.columns = new RunColumns(run.requests, run.discarded_rounds);
  }

  /** @param {ArrayBuffer} message */
  live(message) {
    for (const envelope of envelopes(message)) this.#take(envelope);
    if (!this.run.replay) this.lag.arrived(performance.now());
  }

  /** @type {BeganFiring} */
  began(lane, round) {
    const firing = this.columns.begin(lane, round);
    if (!this.run.replay) this.lag.begin(firing, performance.now()); // its clock is long ago
  }

  fired() {
    this.lag.end();
    this.firings++;
  }

  /** The connection was lost: a fetch through it might never end. */
  disconnect() {
    this.#connection.abort();
    this.lag.forget();
  }

  /** Fetch the missing stored frames below `end`. @param {number} end */
  async fetch(end) {
    this.#end = Math.max(this.#end, end);
    if (this.#fetching) return;
    this.#fetching = true;
    this.#connection = new AbortController();
    try {
      for (let range = this.#next(); range; range = this.#next()) await this.#fetchSome(...range);
      this.loading = false;
    } catch (error) {
      // The connection broke: after reconnecting, `watching` fetches again.
      if (error instanceof TypeError || this.#connection.signal.aborted) return;
      this.problem ||= String(error);
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
    const { signal } = this.#connection;
    const response = await fetch(`${this.run.frames_url}?from=${from}&to=${to}`, { signal });
    if (!response.ok) throw new Error(`frames ${from} to ${to}: the answer was ${response.status}`);
    let began_ms = performance.now();
    for (const envelope of envelopes(await response.arrayBuffer())) {
      this.#take(envelope);
      if (performance.now() - began_ms < READ_MS) continue;
      await new Promise((resolve) => setTimeout(resolve));
      began_ms = performance.now();
    }
    // Frames that are not stored would be missing again.
    for (let sequence = from; sequence < to; sequence++) this.#sequences.add(sequence);
  }

  /** @param {Envelope} envelope */
  #take({ sequence, payload }) {
    if (sequence !== NOT_STORED && !this.#sequences.add(sequence)) return;
    try {
      const frame = decode(payload);
      if (!isOfRun(frame, this.run)) throw new FrameError('not of this run');
      this.columns.take(frame, sequence);
      if (sequence !== NOT_STORED) {
        this.#stored++;
        if (frame.kind === 'samples') this.#samples += frame.rows;
      }
    } catch (error) {
      this.problem ||= String(error);
    }
  }

  /** How long a firing has lasted, by its newest report. @type {NowIn} */
  now(lane, round) {
    const firing = this.columns.firing(lane, round);
    if (!firing) return 0;
    const { lastDone_ms, reported_ms, finished } = firing;
    return finished >= this.run.requests ? lastDone_ms : Math.max(lastDone_ms, reported_ms);
  }
}
