/** A firing's requests in words: as a table's rows, and for whoever points at one. */

import { ERRORS } from './columns.js';
import { lengths, SEGMENTS } from './segments.js';
import { duration } from './words.js';

/** @import { Firing } from './columns.js' */
/** @import { Segment } from './segments.js' */
/** @import { Content } from './table.js' */

const NAMES = /** @type {Segment[]} */ (Object.keys(SEGMENTS));

/**
 * @param {string} lane
 * @param {number} round
 * @param {Firing | undefined} firing
 * @returns {Content}
 */
export function requestsTable(lane, round, firing) {
  const requests = firing ? firing.order.slice(0, firing.finished).sort() : [];
  const words = NAMES.map((name) => SEGMENTS[name].word);
  return {
    caption: `${lane}, round ${round}: requests by number`,
    heads: ['Request', 'Due', 'Response time', ...words, 'Status'],
    rows: requests.length,
    cells: (row) => cells(/** @type {Firing} */ (firing), requests[row]),
  };
}

/** @param {Firing} firing @param {number} request */
function cells(firing, request) {
  const { due, done } = firing.stamps;
  const long = lengths(firing, request);
  return [
    String(request),
    duration(due[request]),
    duration(done[request] - due[request]),
    ...NAMES.map((name) => (long[name] ? duration(long[name]) : '–')),
    outcome(firing, request),
  ];
}

/** @param {Firing} firing @param {number} request */
function outcome({ error, status }, request) {
  const word = error[request] ? `✕ ${ERRORS[error[request]] ?? error[request]} ` : '';
  return word + (status[request] || '');
}

/** @param {Firing} firing @param {number} request */
export function requestInWords(firing, request) {
  const { due, done } = firing.stamps;
  if (Number.isNaN(done[request])) return `request ${request}: in flight`;
  const long = Object.entries(lengths(firing, request)).map(
    ([name, ms]) => `${SEGMENTS[/** @type {Segment} */ (name)].word} ${duration(ms)}`,
  );
  const took = duration(done[request] - due[request]);
  return [`request ${request}: ${outcome(firing, request)}, ${took}`, ...long].join(' · ');
}
