/** What arrives when: which stored frames are missing, and what time it is in a firing. */

/** So that after a gap only what is missing is fetched. */
export class Sequences {
  #next = 0; // everything below has arrived
  #beyond = /** @type {Set<number>} */ (new Set());

  /** @type {IsNew} */
  add(sequence) {
    if (sequence < this.#next || this.#beyond.has(sequence)) return false;
    this.#beyond.add(sequence);
    while (this.#beyond.delete(this.#next)) this.#next++;
    return true;
  }

  /** From the first that is missing below `end` on to the last. @type {Missing} */
  missing(end) {
    if (this.#next >= end) return null;
    let last = end;
    while (last > this.#next && this.#beyond.has(last - 1)) last--;
    return [this.#next, last];
  }
}

/**
 * The engine's clock is not the browser's: but a frame cannot arrive before its newest stamp,
 * and the quickest frame so far tells by how much the two differ.
 */
export class Clock {
  #offset_ms = Number.POSITIVE_INFINITY;

  /** @param {number} [speed] of a replay: how many times its own */
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
