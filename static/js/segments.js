/** What a request's time went to: the segments of its bar, by docs/method.md. */

import { BEGUN, UNKNOWN } from './columns.js';

/** @import { Firing } from './columns.js' */

/**
 * In the order of the bar. `share` is how much of the hue is in the shade: waiting is light, and
 * the view, which is the work itself, is solid. What the client spends is grey, not the family's.
 */
export const SEGMENTS = /** @type {const} */ ({
  delay: { word: 'client delay', share: 0.3, grey: true },
  connecting: { word: 'connecting', share: 0.55, grey: true },
  server: { word: 'waiting in the server', share: 0.28, grey: false },
  framework: { word: 'framework', share: 0.56, grey: false },
  view: { word: 'view', share: 1, grey: false },
  delivery: { word: 'delivery', share: 0.4, grey: false },
});

/** @typedef {keyof typeof SEGMENTS} Segment */
/** @typedef {(segment: Segment, from_ms: number, to_ms: number) => void} Draw */

/**
 * Hand each segment that is longer than nothing to `draw`. A request in flight is a delay until
 * it was sent and waits in the server from then on, since nobody knows more of it yet.
 * @param {Firing} firing
 * @param {number} request
 * @param {number} now_ms where the bars of requests in flight end
 * @param {Draw} draw
 */
export function eachSegment(firing, request, now_ms, draw) {
  const state = firing.state[request];
  if (state === UNKNOWN) return;
  const { due, connecting, sent_first, sent, entered, view_entered, view_left, done } =
    firing.stamps;
  const end = state === BEGUN ? Math.max(now_ms, due[request]) : done[request];
  let at = due[request];
  /** @type {(segment: Segment, until: number) => void} */
  const until = (segment, stamp) => {
    const to = Math.min(stamp, end);
    if (!(to > at)) return; // NaN too: what is not known joins the segment after it
    draw(segment, at, to);
    at = to;
  };
  if (state === BEGUN) {
    until('delay', sent_first[request]);
    until(Number.isNaN(sent_first[request]) ? 'connecting' : 'server', end);
    return;
  }
  until('delay', connecting[request]);
  until(Number.isNaN(connecting[request]) ? 'delay' : 'connecting', sent_first[request]);
  until('delay', sent[request]);
  until('server', entered[request]);
  until('framework', view_entered[request]);
  until('view', view_left[request]);
  // Without the probe's stamps everything from `sent` on was in the server, for all we know.
  until(Number.isNaN(entered[request]) ? 'server' : 'delivery', end);
}

/**
 * The same as lengths in milliseconds, for a table.
 * @param {Firing} firing
 * @param {number} request
 */
export function lengths(firing, request) {
  const found = /** @type {Record<Segment, number>} */ ({});
  eachSegment(firing, request, 0, (segment, from, to) => {
    found[segment] = (found[segment] ?? 0) + to - from;
  });
  return found;
}
