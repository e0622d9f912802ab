/** Axes: their ends, ticks and labels. */

// Times a power of ten: axes rarely change and waste little room.
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
  const values = [];
  for (let n = begin && Math.ceil(begin / step - 1e-9); n * step <= end + length * 1e-9; n++) {
    values.push(n * step);
  }
  return values;
}

/** A tick's label, in one unit for the axis. @type {TickName} */
export function tickName(tick_ms, end_ms) {
  if (tick_ms === 0) return '0';
  const trimmed = (/** @type {number} */ value) => String(Number(value.toPrecision(6)));
  return end_ms >= 1000 ? `${trimmed(tick_ms / 1000)} s` : `${trimmed(tick_ms)} ms`;
}
