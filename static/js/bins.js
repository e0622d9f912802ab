/** Bins of equal ratio, and what is counted into them once as it comes. */

/** @import { Firing } from './columns.js' */

export class Bins {
  /** @param {number} low @param {number} high @param {number} size */
  constructor(low, high, size) {
    this.scale = size / Math.log(high / low);
    this.low = low;
    /** The upper edge of each bin, which belongs to it. */
    this.edges = Float64Array.from(
      { length: size },
      (_, i) => low * (high / low) ** ((i + 1) / size),
    );
    this.edges[size - 1] = high;
  }

  /** @param {number} value @returns {number} the first bin whose edge is not below it, at most the last */
  of(value) {
    const last = this.edges.length - 1;
    const guess = Math.ceil(Math.log(value / this.low) * this.scale) - 1;
    let bin = Math.min(Math.max(guess || 0, 0), last);
    // A logarithm is not exact: an edge's own value must not fall beyond it.
    while (bin > 0 && value <= this.edges[bin - 1]) bin--;
    while (bin < last && value > this.edges[bin]) bin++;
    return bin;
  }
}

/** Visits every request that finished just once, until another thing is counted. */
export class Tally {
  #key = '';
  #taken = /** @type {Map<Firing, number>} */ (new Map());

  /**
   * @param {string} key
   * @param {Firing[]} firings
   * @param {() => void} begin called before everything is counted anew
   * @param {(firing: Firing, request: number) => void} add
   */
  take(key, firings, begin, add) {
    const others = [...this.#taken.keys()].some((one) => !firings.includes(one));
    if (key !== this.#key || others) {
      this.#key = key;
      this.#taken.clear();
      begin();
    }
    for (const firing of firings) {
      for (let i = this.#taken.get(firing) ?? 0; i < firing.finished; i++) {
        add(firing, firing.order[i]);
      }
      this.#taken.set(firing, firing.finished);
    }
  }
}

/**
 * Steps of 1, 2 and 5 around all times, for a logarithmic axis.
 * @param {Firing[]} firings
 * @returns {[number, number]}
 */
export function span(firings) {
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (const { shortest_ms, longest_ms } of firings) {
    low = Math.min(low, shortest_ms);
    high = Math.max(high, longest_ms);
  }
  if (!high) return [1, 1000];
  low = Math.max(low, 0.01);
  const power = (/** @type {number} */ ms) => 10 ** Math.floor(Math.log10(ms));
  const below = [5, 2, 1].map((step) => step * power(low)).find((step) => step <= low) ?? low;
  const above = [1, 2, 5, 10].map((step) => step * power(high)).find((step) => step >= high);
  return [below, Math.max(above ?? high, 2 * below)];
}
