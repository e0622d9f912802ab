/** What arrives when: sequence numbers, the engine's clock, and words for numbers. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Clock, Sequences } from '../../static/js/data/sequences.js';
import { count, duration } from '../../static/js/shared/format.js';

test('a sequence number is new only once', () => {
  const sequences = new Sequences();
  assert.deepEqual(
    [0, 1, 1, 0, 3, 3, 2, 3].map((one) => sequences.add(one)),
    [true, true, false, false, true, false, true, false],
  );
  assert.equal(sequences.missing(4), null);
  assert.deepEqual(sequences.missing(6), [4, 6]);
});

test('only missing frames are fetched', () => {
  const sequences = new Sequences();
  for (const one of [0, 1, 5, 6]) sequences.add(one);
  assert.deepEqual(sequences.missing(7), [2, 5]);
  assert.deepEqual(sequences.missing(5), [2, 5]);
  assert.deepEqual(sequences.missing(3), [2, 3]);
  assert.equal(sequences.missing(2), null);
});

test('the fastest frame sets the clock', () => {
  const clock = new Clock();
  assert.equal(clock.now(1000), 0, 'unknown yet');
  clock.observe(10, 1030); // 20 ms on the way
  assert.equal(clock.now(1040), 20);
  clock.observe(50, 1055); // 5 ms on the way
  assert.equal(clock.now(1060), 55);
  clock.observe(60, 1200); // held up
  assert.equal(clock.now(1300), 295);
  clock.observe(Number.NaN, 5);
  assert.equal(clock.now(1300), 295);
  assert.equal(clock.now(0), 0, 'never before the beginning');
});

test('numbers are written as the server writes them', () => {
  assert.deepEqual(
    [0.04, 9.96, 99.94, 101.4, 999.4, 1000, 1324.9, 61_000, Number.NaN].map(duration),
    ['0.040 ms', '9.96 ms', '99.9 ms', '101 ms', '999 ms', '1.00 s', '1.32 s', '61.0 s', '–'],
  );
  assert.equal(count(10_000), '10,000');
});
