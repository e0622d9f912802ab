/** The time axis: where it ends, where its ticks stand, and what they are called. */

// An axis that ends at one of these times a power of ten steps seldom and wastes little.
const ENDS = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];
const TICKS = [1, 2, 5, 10];

/**
 * The axis's end: the smallest of its steps that `longest_ms` fits into.
 * @param {number} longest_ms
 */
export function axisEnd(longest_ms) {
  const wanted = Math.max(longest_ms, 1);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = ENDS.find((end) => end * power >= wanted * (1 - 1e-9)) ?? 10;
  return step * power;
}

/**
 * Ticks from 0 on, 1, 2 or 5 times a power of ten apart, `most` of them at most.
 * @param {number} end_ms
 * @param {number} most
 */
export function ticks(end_ms, most) {
  const power = 10 ** Math.floor(Math.log10(end_ms / most));
  const step = power * (TICKS.find((tick) => tick * power * most >= end_ms * (1 - 1e-9)) ?? 10);
  const found = [];
  for (let n = 0; n * step <= end_ms * (1 + 1e-9); n++) found.push(n * step);
  return found;
}

/** A tick's name: all of an axis in one unit. @param {number} tick_ms @param {number} end_ms */
export function tickName(tick_ms, end_ms) {
  if (tick_ms === 0) return '0';
  return end_ms >= 1000 ? `${trimmed(tick_ms / 1000)} s` : `${trimmed(tick_ms)} ms`;
}

/** @param {number} value */
function trimmed(value) {
  return String(Number(value.toPrecision(6)));
}
