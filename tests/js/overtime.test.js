/** What is counted over time: by hand where that is possible, and against a slower way. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { COLUMNS, FINE, loadOverTime, OverTime } from '../../static/js/charts/over-time.js';
import { totalOf } from '../../static/js/data/histogram.js';
import { begun, counts, firingOf, samples, scattered } from './making.js';

/** Reports by chance and what Python makes of them. */
const python = JSON.parse(readFileSync(new URL('../golden/load.json', import.meta.url), 'utf8'));

test('in flight and done agree with counting for any round and stretch', () => {
  const overTime = new OverTime();
  for (const seed of [1, 2, 3]) {
    const firing = firingOf(300, samples(scattered(300, seed)));
    const { due, done } = firing.stamps;
    for (const [from, to] of /** @type {Span[]} */ ([
      [0, 1200],
      [240, 480],
    ])) {
      overTime.take(firing, [from, to]);
      const at = (/** @type {number} */ point) => from + (point * (to - from)) / COLUMNS;
      const all = [...due.keys()];
      overTime.inFlight(to).forEach((many, point) => {
        const counted = all.filter((one) => due[one] <= at(point) && done[one] > at(point)).length;
        assert.equal(many, counted, `at ${at(point)} ms`);
        if (!point) return;
        const ended = all.filter((one) => done[one] > at(point - 1) && done[one] <= at(point));
        assert.equal(overTime.ended[point], ended.length);
      });
    }
  }
});

test('requests done agree with counting, to the last one and no further', () => {
  const firing = firingOf(300, samples(scattered(300, 5)));
  const [from, to] = /** @type {Span} */ ([100, 2000]);
  const overTime = new OverTime();
  overTime.take(firing, [from, to]);
  const done = [...firing.stamps.done];
  const values = overTime.doneBy(firing.lastDone_ms);
  assert.equal(values.length, FINE + 1);
  values.forEach((many, point) => {
    const at = from + (point * (to - from)) / FINE;
    if (many !== null) assert.equal(many, done.filter((done_ms) => done_ms <= at).length, `${at}`);
  });
  assert.equal(values.filter((many) => many !== null).at(-1), 300);
  assert.equal(values.at(-1), null);
});

test('each request is counted once, whenever it comes', () => {
  const all = scattered(100);
  const late = firingOf(100, samples(all.slice(0, 60)));
  const overTime = new OverTime();
  overTime.take(late, [0, 2000]);
  overTime.take(late, [0, 2000]);
  late.take(samples(all.slice(60)));
  overTime.take(late, [0, 2000]);
  assert.equal(totalOf(overTime.times(0, COLUMNS)), 100);
  const once = new OverTime();
  once.take(firingOf(100, samples(all)), [0, 2000]);
  assert.deepEqual(overTime.grid, once.grid);
});

test('nothing is drawn beyond now', () => {
  const overTime = new OverTime();
  overTime.take(firingOf(1, begun([{ request: 0 }])), [0, 100]);
  const known = overTime.inFlight(25).filter((one) => one !== null);
  assert.equal(known.length, 32);
  assert.ok(known.every((one) => one === 1));
});

test('load: processes are summed, lag is the maximum, CPU is a rate', () => {
  const firing = firingOf(1);
  const base = { process: 1, in_app: 2, in_view: 1, loop_lag: 4e6, threads: 3, rss: 10, cpu: 0 };
  firing.health.push(
    { ...base, at: 0 },
    { ...base, at: 50e6, cpu: 25e6 },
    { ...base, at: 0, process: 2, in_app: -1, loop_lag: 9e6, threads: 5 },
    { ...base, at: 50e6, process: 2, in_app: -1, loop_lag: 9e6, threads: 5 },
  );
  const at = (/** @type {Measure} */ measure) => loadOverTime(firing, measure, [0, 100], 3);
  assert.deepEqual(at('threads'), [8, 8, 8]);
  assert.deepEqual(at('in_app'), [2, 2, 2]);
  assert.deepEqual(at('loop_lag'), [9, 9, 9]);
  assert.deepEqual(at('cpu'), [null, 50, 50]);
  assert.deepEqual(loadOverTime(firing, 'threads', [0, 1000], 3), [8, null, null]);
  assert.deepEqual(loadOverTime(firing, 'threads', [100, 200], 3), [8, 8, 8]);
});

test('a process that stops reporting leaves a gap, never a smaller sum', () => {
  const MIB = 2 ** 20;
  const base = { in_app: -1, in_view: -1, loop_lag: -1, threads: 1, cpu: -1 };
  const firing = firingOf(1);
  for (let at_ms = 0; at_ms <= 1000; at_ms += 50) {
    const lost = at_ms > 200 && at_ms < 800;
    firing.health.push({ ...base, process: 1, at: at_ms * 1e6, rss: 25 * MIB });
    firing.health.push({ ...base, process: 2, at: at_ms * 1e6, rss: lost ? -1 : 61 * MIB });
  }
  const drawn = loadOverTime(firing, 'rss', [0, 1000], 21);
  assert.deepEqual(new Set(drawn), new Set([86, null]));
  assert.deepEqual(drawn.slice(9, 16), new Array(7).fill(null));
});

test('a process that has ended is no longer in the sum', () => {
  const MIB = 2 ** 20;
  const base = { in_app: -1, in_view: -1, loop_lag: -1, threads: 1, cpu: -1 };
  const firing = firingOf(1);
  for (let at_ms = 0; at_ms <= 1000; at_ms += 100)
    firing.health.push({ ...base, process: 1, at: at_ms * 1e6, rss: 25 * MIB });
  firing.health.push(
    { ...base, process: 2, at: 0, rss: 61 * MIB },
    { ...base, process: 2, at: 200e6, rss: 61 * MIB },
    { ...base, process: 2, at: 300e6, threads: 0, rss: 0 },
  );
  const drawn = loadOverTime(firing, 'rss', [0, 1000], 11);
  assert.deepEqual(drawn, [86, 86, 86, ...new Array(8).fill(25)]);
});

for (const { health, measure, expected } of python) {
  test(`the load is what the server draws: ${measure} of ${health.length} reports`, () => {
    const firing = firingOf(1);
    firing.health.push(...health);
    const drawn = loadOverTime(firing, measure, [0, 1000], expected.length);
    drawn.forEach((value, point) => {
      const other = expected[point];
      if (value === null || other === null) assert.equal(value, other, `at ${point}`);
      else assert.ok(Math.abs(value - other) < 1e-6 * Math.max(1, other), `at ${point}`);
    });
  });
}

test('requests that are only counted appear in all charts', () => {
  const all = scattered(200).map((row) => ({ ...row, done: row.due + 100 }));
  const rows = all.filter(({ request }) => request % 4 === 0);
  const others = all.filter(({ request }) => request % 4);
  const part = { every: 4, in_flight: 0, stands_for: 3 };
  const thinned = firingOf(200, samples(rows), counts(others, part));
  const [one, other] = [new OverTime(), new OverTime()];
  one.take(thinned, [0, 1200]);
  other.take(firingOf(200, samples(all)), [0, 1200]);
  assert.deepEqual(one.ended, other.ended);
  assert.deepEqual(one.grid, other.grid);
  const expected = other.inFlight(1200);
  one.inFlight(1200).forEach((many, point) => {
    // A bin is half a percent wide: of 100 ms half a millisecond, of an axis of 10 ms a point.
    assert.ok(Math.abs(Number(many) - Number(expected[point])) <= 2, `${many} at ${point}`);
  });
  thinned.take(samples(all), 3);
  one.take(thinned, [0, 1200]);
  assert.deepEqual(one.ended, other.ended);
  assert.deepEqual(one.grid, other.grid);
  assert.deepEqual(one.inFlight(1200), expected);
});
