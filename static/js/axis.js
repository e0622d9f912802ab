/** Axes: where they end, where their ticks stand, and what these are called. */

// An axis that ends at one of these times a power of ten steps seldom and wastes little.
const ENDS = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];
const TICKS = [1, 2, 5, 10];

/** The power of ten at or below. @param {number} value */
const powerOf = (value) => 10 ** Math.floor(Math.log10(value));

/** @param {number} longest */
export function axisEnd(longest) {
  const wanted = Math.max(longest, 1);
  const power = powerOf(wanted);
  return power * (ENDS.find((end) => end * power >= wanted * (1 - 1e-9)) ?? 10);
}

/** Ticks 1, 2 or 5 times a power of ten apart, about `most` of them at most. @type {Ticks} */
export function ticks(end, most, begin = 0) {
  const length = end - begin;
  const power = powerOf(length / most);
  const step = power * (TICKS.find((tick) => tick * power * most >= length * (1 - 1e-9)) ?? 10);
  const found = [];
  for (let n = begin && Math.ceil(begin / step - 1e-9); n * step <= end + length * 1e-9; n++) {
    found.push(n * step);
  }
  return found;
}

/** A tick's name: all of an axis in one unit. @type {TickName} */
export function tickName(tick_ms, end_ms) {
  if (tick_ms === 0) return '0';
  const trimmed = (/** @type {number} */ value) => String(Number(value.toPrecision(6)));
  return end_ms >= 1000 ? `${trimmed(tick_ms / 1000)} s` : `${trimmed(tick_ms)} ms`;
}

/** Steps of 1, 2 and 5 around all response times, for a logarithmic axis. @type {LatencySpan} */
export function latencySpan(firings) {
  const high = Math.max(...firings.map(({ longest_ms }) => longest_ms), 0);
  if (!high) return [1, 1000];
  const low = Math.max(Math.min(...firings.map(({ shortest_ms }) => shortest_ms)), 0.01);
  const below = [5, 2, 1].map((step) => step * powerOf(low)).find((one) => one <= low) ?? low;
  const above = TICKS.map((step) => step * powerOf(high)).find((one) => one >= high) ?? high;
  return [below, Math.max(above, 2 * below)];
}

/** @param {Span} span @returns {Marks} */
export function latencyMarks([low, high]) {
  const found = /** @type {Marks} */ ([]);
  for (let power = powerOf(low); power <= high * 1.001; power *= 10) {
    for (const step of high / low > 1000 ? [1] : [1, 2, 5]) {
      const ms = step * power;
      if (ms < low * 0.999 || ms > high * 1.001) continue;
      const name = ms >= 1000 ? `${ms / 1000} s` : `${Number(ms.toPrecision(2))} ms`;
      found.push([Math.log(ms / low) / Math.log(high / low), name]);
    }
  }
  return found;
}
