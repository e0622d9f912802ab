/** Bins, tallies and what is made of them, against a slower way. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bins, span, Tally } from '../../static/js/bins.js';
import { loadOverTime } from '../../static/js/load.js';
import { within } from '../../static/js/selection.js';
import { OverTime, times } from '../../static/js/statistics.js';
import { firingOf, samples } from './making.js';

/** @param {number} n @param {number} [seed] @returns {{request: number, due: number, done: number}[]} */
function rows(n, seed = 7) {
  let state = seed;
  const random = () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state / 2 ** 31;
  };
  return Array.from({ length: n }, (_, request) => {
    const due = Math.round(random() * 500);
    return { request, due, done: due + Math.round(1 + random() ** 3 * 900) };
  });
}

test('every bin holds what lies above the edge before and up to its own', () => {
  const bins = new Bins(1, 1000, 400);
  for (const value of [...bins.edges, 1, 1.5, 7, 99.99, 100, 999]) {
    assert.equal(
      bins.of(value),
      bins.edges.findIndex((edge) => value <= edge),
      `${value}`,
    );
  }
  assert.deepEqual([bins.of(0), bins.of(-3), bins.of(5000)], [0, 0, 399]);
});

test('an ECDF from bins is exact at every edge', () => {
  const firing = firingOf(3000, samples(rows(3000)));
  const [low, high] = span([firing]);
  const bins = new Bins(low, high, 400);
  const counts = new Uint32Array(400);
  new Tally().take(
    '',
    [firing],
    () => {},
    (_, request) => {
      counts[bins.of(firing.stamps.done[request] - firing.stamps.due[request])]++;
    },
  );
  const sorted = times([firing], 'due');
  let below = 0;
  bins.edges.forEach((edge, bin) => {
    below += counts[bin];
    assert.equal(below, sorted.filter((ms) => ms <= edge).length);
  });
  assert.equal(below, 3000);
});

test('an axis of latencies begins and ends at 1, 2 or 5', () => {
  const firing = firingOf(
    2,
    samples([
      { request: 0, due: 0, done: 3 },
      { request: 1, due: 0, done: 170 },
    ]),
  );
  assert.deepEqual(span([firing]), [2, 200]);
  assert.deepEqual(span([]), [1, 1000]);
});

test('a tally sees each request once, and begins anew for another firing', () => {
  const one = firingOf(4, samples(rows(3)));
  const other = firingOf(4, samples(rows(2)));
  const tally = new Tally();
  const seen = /** @type {number[]} */ ([]);
  const take = (/** @type {typeof one} */ firing) =>
    tally.take(
      'same',
      [firing],
      () => seen.splice(0),
      (_, request) => seen.push(request),
    );
  take(one);
  take(one);
  assert.deepEqual(seen, [0, 1, 2]);
  one.take(samples([{ request: 3, due: 0, done: 9 }]));
  take(one);
  assert.deepEqual(seen, [0, 1, 2, 3]);
  take(other);
  assert.deepEqual(seen, [0, 1]);
});

test('another round is not added to the one before', () => {
  const overTime = new OverTime();
  for (const seed of [1, 2, 3]) {
    const firing = firingOf(50, samples(rows(50, seed)));
    const { inFlight } = overTime.at(firing, 2000, 101, 2000);
    const { due, done } = firing.stamps;
    const naive = Array.from({ length: 101 }, (_, point) => {
      const at = point * 20;
      return [...due.keys()].filter((request) => due[request] <= at && at < done[request]).length;
    });
    assert.deepEqual(inFlight, naive);
  }
});

test('a selection takes what was done in it, its end left out', () => {
  const all = rows(500);
  const firing = firingOf(500, samples(all));
  const naive = all
    .filter(({ done }) => done >= 200 && done < 400)
    .map(({ due, done }) => done - due)
    .sort((a, b) => a - b);
  assert.deepEqual([...times([firing], 'due', [200, 400])], naive);
  assert.ok(within(null, firing, 0));
  assert.ok(within([all[0].done, all[0].done + 1], firing, 0));
  assert.ok(!within([0, all[0].done], firing, 0));
});

test('the load: processes are summed, the lag is the worst, CPU is a rate', () => {
  const firing = firingOf(1);
  const base = { process: 1, in_app: 2, in_view: 1, loop_lag: 4e6, threads: 3, rss: 10, cpu: 0 };
  firing.health.push(
    { ...base, at: 0 },
    { ...base, at: 50e6, cpu: 25e6 },
    { ...base, at: 0, process: 2, in_app: -1, loop_lag: 9e6, threads: 5 },
  );
  const at = (/** @type {Parameters<typeof loadOverTime>[1]} */ measure) =>
    loadOverTime(firing, measure, 100, 3);
  assert.deepEqual(at('threads'), [8, 8, 8]);
  assert.deepEqual(at('in_app'), [2, 2, 2]);
  assert.deepEqual(at('loop_lag'), [9, 9, 9]);
  assert.deepEqual(at('cpu'), [null, 50, 50]);
  assert.deepEqual(loadOverTime(firing, 'threads', 1000, 3), [8, null, null]);
});
