/** Which stored frames have arrived: so that after a gap only what is missing is fetched. */
export class Sequences {
  #next = 0; // everything below has arrived
  #beyond = /** @type {Set<number>} */ (new Set());

  /** @param {number} sequence @returns {boolean} whether it is new */
  add(sequence) {
    if (sequence < this.#next || this.#beyond.has(sequence)) return false;
    this.#beyond.add(sequence);
    while (this.#beyond.delete(this.#next)) this.#next++;
    return true;
  }

  /**
   * What is missing below `end`: from the first missing one on to the last.
   * @param {number} end
   * @returns {[number, number] | null}
   */
  missing(end) {
    if (this.#next >= end) return null;
    let last = end;
    while (last > this.#next && this.#beyond.has(last - 1)) last--;
    return [this.#next, last];
  }
}
