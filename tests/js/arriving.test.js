/** What arrives when: sequence numbers, how late the drawing is, and words for numbers. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lag } from '../../static/js/data/lag.js';
import { Sequences } from '../../static/js/data/sequences.js';
import { count, duration } from '../../static/js/shared/format.js';
import { firingOf, report } from './making.js';

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

test('the lag is the age of what is drawn, by the clock of the fastest message', () => {
  const lag = new Lag();
  const firing = firingOf(2);
  assert.equal(lag.age_ms(1000), 0, 'no firing');
  lag.begin(firing, 1000);
  assert.equal(lag.age_ms(1100), 100, 'no report yet');
  firing.take(report([], { at: 20, origin: 5000 }));
  lag.arrived(1034); // 4 ms on its way, the others 9 and 300
  lag.observe(5040, 1059);
  lag.observe(5050, 1360);
  assert.equal(lag.age_ms(1064), 50, 'nothing is drawn: as old as the firing');
  lag.drawn();
  assert.equal(lag.age_ms(1064), 30);
  assert.equal(lag.age_ms(1364), 330, 'it grows until the next drawing');
  lag.end();
  assert.equal(lag.age_ms(1364), 0);
});

test('numbers are written as the server writes them', () => {
  assert.deepEqual(
    [0.04, 9.96, 99.94, 101.4, 999.4, 1000, 1324.9, 61_000, Number.NaN].map(duration),
    ['0.040 ms', '9.96 ms', '99.9 ms', '101 ms', '999 ms', '1.00 s', '1.32 s', '61.0 s', '–'],
  );
  assert.equal(count(10_000), '10,000');
});
