/** Numbers as a person reads them; the same words as dashboard/web/run/run_view.py. */

/** @param {number} value_ms */
export function duration(value_ms) {
  if (Number.isNaN(value_ms)) return '–';
  const size_ms = Math.abs(value_ms);
  if (size_ms >= 1000) return `${(value_ms / 1000).toFixed(2)} s`;
  return `${value_ms.toFixed(size_ms >= 100 ? 0 : 1)} ms`;
}

/** @param {number} value */
export function count(value) {
  return value.toLocaleString('en');
}
