import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roundsOf } from '../../static/js/page/rounds.js';

/** @type {(run: object, active: boolean, repeated?: number) => any} */
const stage = (run, active, repeated = 0) => ({
  run: { rounds: 40, ...run },
  active,
  feed: { columns: { discarded: new Set(Array(repeated).keys()) } },
});
const looks = [5, 10, 20, 40];

test('a fixed number of rounds, and those that are repeated', () => {
  assert.equal(roundsOf(stage({ rounds: 3 }, true), 1), 3);
  assert.equal(roundsOf(stage({ rounds: 3, looks: [] }, false, 2), 1), 5);
});

test('a run until certain has the rounds of its next look', () => {
  const counts = [1, 5, 6, 11, 40].map((newest) => roundsOf(stage({ looks }, true), newest));
  assert.deepEqual(counts, [5, 5, 10, 20, 40]);
  assert.equal(roundsOf(stage({ looks }, true, 1), 6), 6);
});

test('once it has ended, those that it had', () => {
  assert.equal(roundsOf(stage({ looks }, false), 3), 3);
});
