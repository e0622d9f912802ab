/** The live numbers: by hand where that is possible, and against a slower way where it is not. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, OverTime, percentile, times } from '../../static/js/statistics.js';
import { begun, firingOf, samples, whole } from './making.js';

test('percentiles are nearest rank', () => {
  const ten = Float64Array.from({ length: 10 }, (_, i) => i + 1);
  const found = [1, 10, 50, 51, 90, 95, 100].map((percent) => percentile(ten, percent));
  assert.deepEqual(found, [1, 1, 5, 6, 9, 10, 10]);
  assert.equal(percentile(Float64Array.of(7), 50), 7);
  assert.ok(Number.isNaN(percentile(Float64Array.of(), 50)));
});

test('a rank that is a whole number is not rounded up by the machine', () => {
  const hundred = Float64Array.from({ length: 100 }, (_, i) => i + 1);
  for (let percent = 1; percent <= 100; percent++) {
    assert.equal(percentile(hundred, percent), percent);
  }
});

test('the median of rounds', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

test('response times are done − due, in order, without those that failed', () => {
  const failed = { ...whole(1, 900), error: 4 };
  const late = { ...whole(2, 20), due: 7 };
  const firing = firingOf(4, samples([whole(0, 10), failed, late]), begun([{ request: 3 }]));
  assert.deepEqual([...times([firing], 'due')], [117, 120]);
  assert.deepEqual([...times([], 'due')], []);
});

test('service times count from when the request was sent', () => {
  const held = { ...whole(0, 100), due: 0, sent_first: 60, done: 100 };
  assert.deepEqual([...times([firingOf(1, samples([held]))], 'sent_first')], [40]);
});

test('in flight and throughput, by hand', () => {
  const row = (/** @type {number} */ request, /** @type {number} */ done) => ({
    request,
    due: 0,
    done,
  });
  const firing = firingOf(
    4,
    samples([row(0, 10), row(1, 20), row(2, 20)]),
    begun([{ request: 3 }]),
  );
  const { inFlight, perSecond } = new OverTime().at(firing, 40, 5, 40); // at 0, 10, 20, 30, 40
  assert.deepEqual(inFlight, [4, 3, 1, 1, 1]);
  assert.deepEqual(perSecond, [0, 100, 200, 0, 0]);
});

test('what has not happened yet is not drawn', () => {
  const firing = firingOf(1, begun([{ request: 0 }]));
  const { inFlight } = new OverTime().at(firing, 100, 11, 25);
  assert.deepEqual(inFlight.slice(0, 5), [1, 1, 1, 1, null]);
});

test('in flight agrees with counting, at every instant', () => {
  let seed = 7;
  const random = () => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  const rows = Array.from({ length: 300 }, (_, request) => {
    const due = Math.floor(random() * 500);
    return { request, due, done: due + 1 + Math.floor(random() * 400) };
  });
  const { inFlight, perSecond } = new OverTime().at(firingOf(300, samples(rows)), 1000, 101, 1000);
  for (let point = 0; point < 101; point++) {
    const at = point * 10;
    const counted = rows.filter(({ due, done }) => due <= at && done > at).length;
    assert.equal(inFlight[point], counted, `at ${at} ms`);
  }
  const done = perSecond.reduce((sum, rate) => sum + rate / 100, 0);
  assert.equal(Math.round(done), 300);
});
