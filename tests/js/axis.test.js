/** The time axis steps seldom, and its ticks are numbers that a person would choose. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axisEnd, tickName, ticks } from '../../static/js/charts/axis.js';

test('the axis ends at the first of its steps that fits', () => {
  const ends = [
    [0, 1],
    [1, 1],
    [1.01, 1.2],
    [99, 100],
    [100, 100],
    [100.1, 120],
    [119.999, 120],
    [1300, 1500],
    [1501, 2000],
    [8001, 10000],
    [10001, 12000],
  ];
  for (const [longest, end] of ends) assert.equal(axisEnd(longest), end, `${longest} ms`);
});

test('the axis contains all values, and at least half of it is used', () => {
  for (let longest = 1; longest < 1e6; longest *= 1.013) {
    const end = axisEnd(longest);
    assert.ok(end >= longest * (1 - 1e-8), `${longest} in ${end}`);
    assert.ok(longest >= 0.66 * end, `${longest} in ${end}`);
  }
});

test('ticks are 1, 2 or 5 times a power of ten apart, and never too many', () => {
  assert.deepEqual(ticks(100, 5), [0, 20, 40, 60, 80, 100]);
  assert.deepEqual(ticks(1500, 5), [0, 500, 1000, 1500]);
  assert.deepEqual(ticks(1, 2), [0, 0.5, 1]);
  for (const most of [2, 3, 5, 8]) {
    for (let end = 1; end < 1e6; end *= 1.07) {
      const found = ticks(axisEnd(end), most);
      assert.ok(found.length >= 2 && found.length <= most + 1, `${end} ms: ${found}`);
    }
  }
});

test('all ticks of an axis are in one unit', () => {
  assert.deepEqual(
    ticks(1500, 5).map((tick) => tickName(tick, 1500)),
    ['0', '0.5 s', '1 s', '1.5 s'],
  );
  assert.equal(tickName(250, 800), '250 ms');
  assert.equal(tickName(0.1 + 0.2, 1), '0.3 ms');
});
