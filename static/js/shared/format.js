/** Numbers as the page writes them: durations as in dashboard/web/shared/format.py. */

/** @param {number} value */
function threeDigits(value) {
  const size = Math.abs(value);
  return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3);
}

/** @param {number} value_ms */
export function duration(value_ms) {
  if (Number.isNaN(value_ms)) return '–';
  if (!value_ms) return '0 ms';
  if (Math.abs(value_ms) >= 999.5) return `${threeDigits(value_ms / 1000)} s`;
  return `${threeDigits(value_ms)} ms`;
}

/** @param {number} value */
export const count = (value) => value.toLocaleString('en');

/** The speed of a replay: ¼×, ½×, 4×. @param {number} value */
export const speed = (value) => `${{ 0.25: '¼', 0.5: '½' }[value] ?? value}×`;
