/** When a burst would be over if nothing but the work's own wait took time. */

/** @import { LaneData, RunData } from './feed.js' */

/**
 * ⌈N / k⌉ · d, with k = min(what the lane serves at a time, what is in flight). NaN where theory
 * has nothing to say.
 * @param {Pick<RunData, 'requests' | 'concurrency' | 'wait_s'>} run
 * @param {Pick<LaneData, 'k'>} lane
 */
export function theory_ms({ requests, concurrency, wait_s }, { k }) {
  if (wait_s === null) return Number.NaN;
  const atATime = Math.min(k ?? concurrency, concurrency);
  return Math.ceil(requests / atATime) * wait_s * 1000;
}
