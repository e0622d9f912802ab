/** Which stored frames are missing, and what time it is in a firing. */

/** The frames that have arrived, so that only missing ones are fetched. */
export class Sequences {
  #next = 0; // everything below has arrived
  #beyond = /** @type {Set<number>} */ (new Set());

  /** @param {number} sequence */
  add(sequence) {
    if (sequence < this.#next || this.#beyond.has(sequence)) return false;
    this.#beyond.add(sequence);
    while (this.#beyond.delete(this.#next)) this.#next++;
    return true;
  }

  /** From the first to the last missing one below `end`. @param {number} end @returns {Chosen} */
  missing(end) {
    if (this.#next >= end) return null;
    let last = end;
    while (last > this.#next && this.#beyond.has(last - 1)) last--;
    return [this.#next, last];
  }
}

/**
 * The engine's clock by the browser's: a frame cannot arrive before its newest timestamp, so the
 * fastest frame so far shows by how much the two differ.
 */
export class Clock {
  #offset_ms = Number.POSITIVE_INFINITY;

  /** @param {number} [speed] of a replay */
  constructor(speed = 1) {
    this.speed = speed;
  }

  /** @type {Observe} */
  observe(stamp_ms, arrived_ms) {
    if (!Number.isFinite(stamp_ms)) return;
    this.#offset_ms = Math.min(this.#offset_ms, arrived_ms - stamp_ms / this.speed);
  }

  /** @param {number} browser_ms */
  now(browser_ms) {
    return Math.max(browser_ms - this.#offset_ms, 0) * this.speed;
  }
}
