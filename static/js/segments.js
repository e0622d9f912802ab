/** What a request's time went to, by docs/method.md: segments of its bar, and the same in words. */

import { BEGUN, UNKNOWN } from './columns.js';
import { duration } from './words.js';

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
const NAMES = /** @type {Segment[]} */ (Object.keys(SEGMENTS));

/** What `error` says, by docs/frame.md. */
const ERRORS =
  ' refused unreachable no-descriptors timeout reset closed malformed http aborted tls endless-head surplus client'.split(
    ' ',
  );

/**
 * Hand each segment that is longer than nothing to `draw`. A request in flight is a delay until
 * it was sent and waits in the server from then on, since nobody knows more of it yet.
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
    if (!(to > from)) return; // NaN too: what is not known joins the segment after it
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
  // Without the probe's stamps everything from `sent` on was in the server, for all we know.
  until(Number.isNaN(at('entered')) ? 'server' : 'delivery', end);
}

/** @type {Lengths} */
export function lengths(firing, request) {
  const found = /** @type {Partial<Record<Segment, number>>} */ ({});
  eachSegment(firing, request, 0, (segment, from, to) => {
    found[segment] = (found[segment] ?? 0) + to - from;
  });
  return found;
}

/** @type {InWords} */
function outcome({ error, status }, request) {
  const word = error[request] ? `✕ ${ERRORS[error[request]] ?? error[request]} ` : '';
  return word + (status[request] || '');
}

/** @type {InWords} */
export function requestInWords(firing, request) {
  const { due, done } = firing.stamps;
  if (Number.isNaN(done[request])) return `request ${request}: in flight`;
  const found = lengths(firing, request);
  return [
    `request ${request}: ${outcome(firing, request)}, ${duration(done[request] - due[request])}`,
    ...NAMES.filter((name) => name in found).map(
      (name) => `${SEGMENTS[name].word} ${duration(Number(found[name]))}`,
    ),
  ].join(' · ');
}

/** @type {RequestsTable} */
export function requestsTable(caption, firing, selection) {
  const done = firing?.order.slice(0, firing.finished).sort() ?? [];
  const requests = done.filter((request) => firing?.isWithin(selection, request));
  return {
    caption,
    heads: ['Request', 'Due', 'Response time', ...NAMES.map((n) => SEGMENTS[n].word), 'Status'],
    rows: requests.length,
    cells: (row) => cells(/** @type {Firing} */ (firing), requests[row]),
  };
}

/** @type {InCells} */
function cells(firing, request) {
  const { due, done } = firing.stamps;
  const found = lengths(firing, request);
  return [
    String(request),
    duration(due[request]),
    duration(done[request] - due[request]),
    ...NAMES.map((name) => duration(found[name] ?? Number.NaN)),
    outcome(firing, request),
  ];
}
