/**
 * What time it is in a firing, as far as a browser can tell. The engine's clock is not the
 * browser's: but a frame cannot arrive before its newest stamp, and the quickest frame so far
 * tells by how much the two differ.
 */
export class Clock {
  #offset_ms = Number.POSITIVE_INFINITY;

  /**
   * @param {number} stamp_ms the newest stamp in a frame that came live
   * @param {number} arrived_ms by the browser's clock
   */
  observe(stamp_ms, arrived_ms) {
    if (!Number.isFinite(stamp_ms)) return;
    this.#offset_ms = Math.min(this.#offset_ms, arrived_ms - stamp_ms);
  }

  /** @param {number} browser_ms */
  now(browser_ms) {
    return Number.isFinite(this.#offset_ms) ? Math.max(browser_ms - this.#offset_ms, 0) : 0;
  }
}
