/** The one selection: a stretch of time, the same in every firing, that filters what is counted. */

/** @import { Firing } from './columns.js' */
/** @typedef {[from_ms: number, to_ms: number] | null} Selection */

/**
 * Whether a request was done within it; all are when nothing is selected.
 * @param {Selection} selection
 * @param {Firing} firing
 * @param {number} request
 */
export function within(selection, { stamps }, request) {
  if (!selection) return true;
  const done = stamps.done[request];
  return done >= selection[0] && done < selection[1];
}
