/** Response times in bins: against sorting, to within half a percent. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latencyMarks, latencySpan } from '../../static/js/axis.js';
import {
  BINS,
  binOf,
  edgeOf,
  median,
  percentile,
  pooled,
  totalOf,
} from '../../static/js/histogram.js';
import { firingOf, random, samples, scattered, whole } from './making.js';

/** @param {Float64Array} sorted @param {number} percent */
function exact(sorted, percent) {
  return sorted[Math.max(Math.ceil((percent / 100) * sorted.length - 1e-9), 1) - 1];
}

test('every bin holds what lies above the edge before and up to its own', () => {
  for (let bin = 1; bin < BINS; bin += 7) {
    assert.equal(binOf(edgeOf(bin)), bin);
    assert.equal(binOf(edgeOf(bin) * 1.0001), Math.min(bin + 1, BINS - 1));
  }
  assert.deepEqual([binOf(0), binOf(-3), binOf(Number.NaN), binOf(1e9)], [0, 0, 0, BINS - 1]);
});

test('percentiles are nearest rank, to within half a percent of sorting', () => {
  for (const size of [1, 2, 7, 99, 100, 3000]) {
    const times = Float64Array.from({ length: size }, () => 0.05 + random() ** 4 * 30_000).sort();
    const counts = new Uint32Array(BINS);
    for (const ms of times) counts[binOf(ms)]++;
    for (let percent = 1; percent <= 100; percent++) {
      const [found, wanted] = [percentile(counts, percent), exact(times, percent)];
      assert.ok(
        Math.abs(found / wanted - 1) < 0.005,
        `p${percent} of ${size}: ${found}, ${wanted}`,
      );
    }
  }
  assert.ok(Number.isNaN(percentile(new Uint32Array(BINS), 50)));
});

test('folded bins are as good as they are wide', () => {
  const counts = new Uint32Array(BINS / 4);
  counts[Math.floor(binOf(123) / 4)]++;
  assert.ok(Math.abs(percentile(counts, 50, 4) / 123 - 1) < 0.02);
});

test('the median of rounds', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

test('response times are done − due, without those that failed', () => {
  const failed = { ...whole(1, 900), error: 4 };
  const late = { ...whole(2, 20), due: 7 };
  const { histogram } = firingOf(4, samples([whole(0, 10), failed, late]));
  assert.deepEqual(
    [117, 120].map((ms) => histogram[binOf(ms)]),
    [1, 1],
  );
  assert.equal(totalOf(histogram), 2);
  assert.equal(totalOf(pooled([histogram, histogram])), 4);
});

test('a selection takes what was done in it, its end left out', () => {
  const all = scattered(500);
  const firing = firingOf(500, samples(all));
  const inside = all.filter(({ done }) => done >= 200 && done < 400);
  const found = firing.within([200, 400]);
  assert.equal(found.done, inside.length);
  const wanted = new Uint32Array(BINS);
  for (const { due, done } of inside) wanted[binOf(done - due)]++;
  assert.deepEqual(found.histogram, wanted);
  assert.equal(firing.within(null).histogram, firing.histogram);
  assert.ok(firing.isWithin([all[0].done, all[0].done + 1], 0));
  assert.ok(!firing.isWithin([0, all[0].done], 0));
});

test('what comes after a selection was made is in it, too', () => {
  const firing = firingOf(2, samples([whole(0, 1)]));
  assert.equal(firing.within([0, 200]).done, 1);
  firing.take(samples([{ ...whole(1, 2), error: 3 }]));
  const { done, failed } = firing.within([0, 200]);
  assert.deepEqual([done, failed], [2, 1]);
});

test('an axis of latencies begins and ends at 1, 2 or 5', () => {
  const rows = [3, 170].map((done, request) => ({ request, due: 0, done }));
  assert.deepEqual(latencySpan([firingOf(2, samples(rows))]), [2, 200]);
  assert.deepEqual(latencySpan([]), [1, 1000]);
  assert.deepEqual(
    latencyMarks([2, 200]).map(([, name]) => name),
    ['2 ms', '5 ms', '10 ms', '20 ms', '50 ms', '100 ms', '200 ms'],
  );
});
