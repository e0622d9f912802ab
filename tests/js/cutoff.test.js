/** What Stop cut off: neither done nor failed, on every chart. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COLUMNS, OverTime } from '../../static/js/charts/over-time.js';
import { requestInWords } from '../../static/js/charts/segments.js';
import { totalOf } from '../../static/js/data/histogram.js';
import { firingOf, samples } from './making.js';

const row = (/** @type {number} */ request) => ({ request, due: 0, sent: 0, done: 50 });
const CUT = { status: 0, error: 9, done: 80 };
const rows = [row(0), { ...row(1), ...CUT }, { ...row(2), status: 0, error: 5 }];
const FAILURES = ['', '', '', '', '', 'reset'];
const firing = firingOf(3, samples(rows));

test('a request cut off by Stop is counted apart from failures', () => {
  assert.deepEqual([firing.finished, firing.failed, firing.cutOff], [3, 1, 1]);
  firing.take(samples(rows)); // the same frame once more, as after a gap
  assert.deepEqual([firing.finished, firing.failed, firing.cutOff], [3, 1, 1]);
});

test('a request cut off by Stop is named at its bar', () => {
  assert.match(requestInWords(firing, 0, FAILURES), /^request 0: 200, /);
  assert.match(requestInWords(firing, 1, FAILURES), /^request 1: cut off by Stop, /);
  assert.match(requestInWords(firing, 2, FAILURES), /^request 2: ✕ reset , /);
});

test('a request cut off by Stop was in flight until the end and is never done', () => {
  const overTime = new OverTime();
  overTime.take(firing, [0, 100]);
  assert.equal(overTime.inFlight(100).at(-1), 1);
  assert.equal(totalOf(overTime.times(0, COLUMNS)), 1);
  assert.equal(
    overTime.ended.reduce((sum, one) => sum + one),
    2,
  );
});
