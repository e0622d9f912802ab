/**
 * How far the drawing is behind the load generator.
 *
 * Its clock is the server's, which comes with each heartbeat and each report. No message arrives
 * before it was sent, so the fastest one shows by how much the browser's clock differs; the time
 * that this one took, a millisecond or less on one machine, is not part of the lag.
 */

export class Lag {
  #ahead_ms = Number.POSITIVE_INFINITY; // the browser's clock minus the server's
  #firing = /** @type {Firing | undefined} */ (undefined); // the current one
  #began_ms = 0;
  #drawn_ms = 0; // since its origin

  /** A clock of the server that came at this moment. @type {Observe} */
  observe(server_ms, arrived_ms) {
    this.#ahead_ms = Math.min(this.#ahead_ms, arrived_ms - server_ms);
  }

  /** After another connection: the server may be another one. */
  forget() {
    this.#ahead_ms = Number.POSITIVE_INFINITY;
  }

  /** @type {BeginLag} */
  begin(firing, now_ms) {
    this.#firing = firing;
    this.#began_ms = now_ms;
    this.#drawn_ms = 0;
  }

  end() {
    this.#firing = undefined;
  }

  /** Frames came. @param {number} arrived_ms */
  arrived(arrived_ms) {
    const { origin_ms = Number.NaN, reported_ms = 0 } = this.#firing ?? {};
    if (reported_ms) this.observe(origin_ms + reported_ms, arrived_ms);
  }

  /** Everything that came is drawn. */
  drawn() {
    this.#drawn_ms = this.#firing?.reported_ms ?? 0;
  }

  /** The age of what is drawn of the current firing; 0 without one. @param {number} now_ms */
  age_ms(now_ms) {
    if (!this.#firing) return 0;
    const origin_ms = this.#firing.origin_ms + this.#ahead_ms;
    const began_ms = Number.isFinite(origin_ms) ? origin_ms : this.#began_ms;
    return Math.max(0, now_ms - began_ms - this.#drawn_ms);
  }
}
