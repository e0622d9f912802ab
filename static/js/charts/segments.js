/** The segments of a request's time (docs/method.md), as bars and in words. */

import { BEGUN, UNKNOWN } from '../data/columns.js';
import { duration } from '../shared/format.js';

/** In the order of the bar; the style sheet has colours of these names. */
export const SEGMENTS = {
  delay: 'before sending',
  connecting: 'connecting',
  server: 'waiting in the server',
  framework: 'framework',
  view: 'view',
  delivery: 'response on its way',
};

/**
 * Call `draw` for each segment. All that is known of a request in flight is whether it was sent.
 * @type {EachSegment}
 */
export function eachSegment({ state, stamps }, request, now_ms, draw) {
  if (state[request] === UNKNOWN) return;
  const inFlight = state[request] === BEGUN;
  const at = (/** @type {Stamp} */ name) => stamps[name][request];
  const end = inFlight ? Math.max(now_ms, at('due')) : at('done');
  let from = at('due');
  /** @type {(segment: Segment, until: number) => void} */
  const until = (segment, stamp) => {
    const to = Math.min(stamp, end);
    if (!(to > from)) return; // NaN too: an unknown segment joins the next one
    draw(segment, from, to);
    from = to;
  };
  if (inFlight) {
    until('delay', at('sent_first'));
    until(Number.isNaN(at('sent_first')) ? 'connecting' : 'server', end);
    return;
  }
  until('delay', at('connecting'));
  until(Number.isNaN(at('connecting')) ? 'delay' : 'connecting', at('sent_first'));
  until('delay', at('sent'));
  until('server', at('entered'));
  until('framework', at('view_entered'));
  until('view', at('view_left'));
  // Without a probe, everything from `sent` on counts as the server.
  until(Number.isNaN(at('entered')) ? 'server' : 'delivery', end);
}

/** @type {Lengths} */
export function lengths(firing, request, now_ms = 0) {
  const sums = /** @type {Partial<Record<Segment, number>>} */ ({});
  eachSegment(firing, request, now_ms, (segment, from, to) => {
    sums[segment] = (sums[segment] ?? 0) + to - from;
  });
  return sums;
}

/** @type {InWords} */
function outcome({ error, status }, request, failures) {
  const word = error[request] ? `✕ ${failures[error[request]] || error[request]} ` : '';
  return word + (status[request] || (word ? '' : 'cut off by Stop'));
}

/** Its number, outcome and response time. @type {InWords} */
export function requestLine(firing, request, failures) {
  const { due, done } = firing.stamps;
  if (Number.isNaN(done[request])) return `request ${request}: in flight`;
  return `request ${request}: ${outcome(firing, request, failures)}, ${duration(done[request] - due[request])}`;
}

/** @type {InWords} */
export function requestInWords(firing, request, failures) {
  const segments = Object.entries(lengths(firing, request));
  return [
    requestLine(firing, request, failures),
    ...segments.map(([name, ms]) => `${SEGMENTS[/** @type {Segment} */ (name)]} ${duration(ms)}`),
  ].join(' · ');
}

/** The request that finished last at or before an instant; -1 without any. @type {FinishedBy} */
export function finishedBy({ order, rows, stamps }, at_ms) {
  let [last, last_ms] = [-1, Number.NEGATIVE_INFINITY];
  for (const request of order.subarray(0, rows)) {
    const done_ms = stamps.done[request];
    if (done_ms <= at_ms && done_ms >= last_ms) [last, last_ms] = [request, done_ms];
  }
  return last;
}
