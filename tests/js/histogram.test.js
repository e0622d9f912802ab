/** Response times in bins: against sorting, to within half a percent. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BINS, binOf, edgeOf, median } from '../../static/js/data/histogram.js';
import { firingOf, random, samples, scattered } from './making.js';

test('every bin holds values above the previous edge up to its own', () => {
  for (let bin = 1; bin < BINS; bin += 7) {
    assert.equal(binOf(edgeOf(bin)), bin);
    assert.equal(binOf(edgeOf(bin) * 1.0001), Math.min(bin + 1, BINS - 1));
  }
  assert.deepEqual([binOf(0), binOf(-3), binOf(Number.NaN), binOf(1e9)], [0, 0, 0, BINS - 1]);
});

test('the median is exact to half a percent, and to two percent when folded', () => {
  for (const size of [1, 2, 7, 99, 100, 3000]) {
    const times = Float64Array.from({ length: size }, () => 0.05 + random() ** 4 * 30_000).sort();
    const counts = new Uint32Array(BINS);
    const folded = new Uint32Array(BINS / 4);
    for (const ms of times) {
      counts[binOf(ms)]++;
      folded[Math.floor(binOf(ms) / 4)]++;
    }
    const wanted = times[Math.ceil(size / 2) - 1];
    assert.ok(Math.abs(median(counts) / wanted - 1) < 0.005, `of ${size}`);
    assert.ok(Math.abs(median(folded, 4) / wanted - 1) < 0.02, `of ${size}, folded`);
  }
  assert.ok(Number.isNaN(median(new Uint32Array(BINS))));
});

test('a selection contains the requests finished in it, without its end', () => {
  const all = scattered(500);
  const firing = firingOf(500, samples(all));
  for (const { request, done } of all) {
    assert.equal(firing.isWithin([200, 400], request), done >= 200 && done < 400);
    assert.ok(firing.isWithin(null, request));
  }
});
