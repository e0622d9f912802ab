/** The stored frames that have arrived, so that only missing ones are fetched. */
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
