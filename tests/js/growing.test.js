/** Bars in flight: whatever arrives in whatever order, none is drawn longer than it turns out. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eachSegment } from '../../static/js/charts/segments.js';
import { playAgain } from '../../static/js/data/again.js';
import { BEGUN, FINISHED, UNKNOWN } from '../../static/js/data/columns.js';
import { Feed } from '../../static/js/data/feed.js';
import { begun, firingOf, random, report, samples, scattered } from './making.js';

const EVERY_MS = 16;
const LAST = 2 ** 52 / 1e6; // the clock of a load generator whose share is over

/** @param {number} requests @returns {RunData} */
function run(requests) {
  const lane = { name: 'a@b', family: 'sync', letter: 'A', mark_s: null, mark: '' };
  const empty = { discarded_rounds: [], frames_url: '', failures: [] };
  return { id: 'r', status: 'running', lanes: [lane], requests, rounds: 1, ...empty };
}

/** The reports of one load generator. @param {Row[]} all @param {object} share */
function* reports(all, share) {
  const sent = new Set();
  for (let at = EVERY_MS; sent.size < all.length; at += EVERY_MS) {
    const over = all.filter(({ request, done }) => done <= at && !sent.has(request));
    for (const { request } of over) sent.add(request);
    // Again with each report, which changes nothing.
    const open = all.filter(({ due, done }) => due <= at && done > at);
    const finished = over.length ? samples(over) : null;
    const ends = sent.size === all.length;
    yield {
      sent: at,
      at: ends ? 0 : at,
      finished,
      begun: report(open, { at: ends ? LAST : at, ...share }),
      open,
    };
  }
}

/** @typedef {{request: number, due: number, done: number}} Row */

/** What a viewer gets: with gaps that are filled later, as of a viewer that falls behind. */
function* messages(/** @type {Row[]} */ all, /** @type {number} */ engines) {
  const shares = Array.from({ length: engines }, (_, engine) => {
    const share = engines > 1 ? { engine, engines } : {};
    return [
      ...reports(
        all.filter(({ request }) => request % engines === engine),
        share,
      ),
    ];
  });
  const inOrder = shares
    .flatMap((share, engine) => share.map((report) => ({ ...report, engine })))
    .sort((a, b) => a.sent + a.engine / 2 - b.sent - b.engine / 2);
  const newest = new Array(engines).fill(0);
  const open = /** @type {Row[][]} */ (new Array(engines).fill([]));
  let missed = /** @type {[Frame, number][]} */ ([]);
  let skips = 0;
  for (const [sequence, { at, finished, begun, open: now, engine }] of inOrder.entries()) {
    newest[engine] = at || LAST;
    open[engine] = now;
    if (!skips && random() < 0.1) skips = 1 + Math.floor(random() * 6);
    if (skips) {
      if (finished) missed.push([finished, sequence]);
      if (--skips === 0) {
        const until = Math.min(...newest);
        yield { frame: report(open.flat(), { at: until, snapshot: 1 }), at: until % LAST };
      }
      continue;
    }
    if (finished) yield { frame: finished, sequence, at: 0 };
    yield { frame: begun, at };
    if (random() < 0.2) {
      for (const [frame, sequence] of missed) yield { frame, sequence, at: 0 };
      missed = [];
    }
  }
  for (const [frame, sequence] of missed) yield { frame, sequence, at: 0 };
}

/** Where the bar of a request ends; NaN without one. @param {Firing} firing @param {number} request */
function drawnEnd(firing, request) {
  let end = Number.NaN;
  eachSegment(firing, request, firing.reported_ms, (_name, _from, to) => {
    end = to;
  });
  return end;
}

for (const engines of [1, 1, 1, 2, 2, 3]) {
  test(`no bar shrinks and no clock goes back (${engines} load generators)`, () => {
    for (let turn = 0; turn < 60; turn++) {
      const all = scattered(30, 1 + turn + 1000 * engines);
      const feed = new Feed(run(all.length));
      const longest = new Array(all.length).fill(0);
      let [reported_ms, clock_ms, newest_ms] = [0, 0, 0];
      for (const { frame, sequence, at } of messages(all, engines)) {
        feed.columns.take(frame, sequence);
        const firing = feed.columns.begin(0, 1);
        newest_ms = Math.max(newest_ms, at, firing.lastDone_ms);
        assert.ok(firing.reported_ms >= reported_ms, 'the clock of the bars');
        assert.ok(feed.now(0, 1) >= clock_ms, 'the clock of the caption');
        assert.ok(feed.now(0, 1) <= newest_ms, 'never ahead of the newest report');
        [reported_ms, clock_ms] = [firing.reported_ms, feed.now(0, 1)];
        for (const { request, done } of all) {
          const end = drawnEnd(firing, request);
          if (firing.state[request] === FINISHED) assert.equal(end, done);
          if (Number.isNaN(end)) continue;
          assert.ok(end <= done, `request ${request} is drawn to ${end}, and ended at ${done}`);
          assert.ok(end >= longest[request], `request ${request} shrank`);
          longest[request] = end;
        }
      }
      const firing = feed.columns.begin(0, 1);
      assert.deepEqual([firing.begun, firing.finished, firing.open.size], [30, 30, 0]);
      assert.equal(feed.now(0, 1), firing.lastDone_ms);
    }
  });
}

test('after a reload nothing that has finished is drawn as waiting', () => {
  const firing = firingOf(5, report([{ request: 4 }], { at: 300, snapshot: 1 }));
  assert.deepEqual([...firing.state], [UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, BEGUN]);
  assert.equal(drawnEnd(firing, 4), 300);
  firing.take(samples([{ request: 0, due: 0, done: 100 }]), 0); // fetched
  assert.deepEqual([firing.begun, firing.finished], [2, 1]);
});

test('a viewer that skipped frames draws as waiting what is in flight, and nothing else', () => {
  const firing = firingOf(3, begun([{ request: 0 }, { request: 1 }]));
  firing.changed.length = 0;
  firing.take(report([{ request: 1 }, { request: 2, due: 50 }], { at: 60, snapshot: 1 }));
  assert.deepEqual([...firing.state], [UNKNOWN, BEGUN, BEGUN]);
  assert.deepEqual(firing.changed, [0, 1, 2], 'they are painted again');
  assert.deepEqual([firing.begun, firing.open.size], [2, 2]);
});

test('a load generator whose share is over holds no clock up', () => {
  const share = { engines: 2 };
  const firing = firingOf(4, report([], { at: 20, engine: 0, ...share }));
  assert.equal(firing.reported_ms, 0, 'the other one has reported nothing yet');
  firing.take(report([], { at: 10, engine: 1, ...share }));
  assert.equal(firing.reported_ms, 10);
  firing.take(report([], { at: LAST, engine: 1, ...share }));
  firing.take(report([], { at: 60, engine: 0, ...share }));
  assert.equal(firing.reported_ms, 60);
  firing.take(report([], { at: LAST, engine: 0, ...share }));
  assert.equal(firing.reported_ms, 60);
});

test('a round is played again at half its speed, all lanes from the same moment', () => {
  const feed = new Feed({ ...run(3), lanes: [...run(3).lanes, ...run(3).lanes] });
  const rows = [
    { request: 0, due: 0, done: 100 },
    { request: 1, due: 20, done: 40, error: 4 },
    { request: 2, due: 100, done: 150 },
  ];
  feed.columns.take(samples(rows));
  feed.columns.take(samples(rows.slice(0, 2), { lane: 1 }));
  const again = playAgain(feed, 1, 5000);
  assert.equal(again.columns.firing(0, 2), undefined, 'another round is not played');
  const firing = /** @type {Firing} */ (again.columns.firing(0, 1));
  const seen = () => [...firing.state, firing.begun, firing.finished, firing.failed];
  assert.ok(again.step(5030));
  assert.deepEqual(seen(), [BEGUN, UNKNOWN, UNKNOWN, 1, 0, 0]);
  assert.equal(again.now(0, 1), 15);
  assert.equal(drawnEnd(firing, 0), 15);
  assert.ok(again.step(5100));
  assert.deepEqual(seen(), [BEGUN, FINISHED, UNKNOWN, 2, 1, 1]);
  assert.equal(drawnEnd(firing, 1), 40);
  assert.ok(again.step(5250), 'lane B is over, lane A is not');
  assert.deepEqual([again.now(0, 1), again.now(1, 1)], [125, 100]);
  assert.ok(!again.step(5300));
  assert.deepEqual(seen(), [FINISHED, FINISHED, FINISHED, 3, 3, 1]);
  const whole = feed.columns.begin(0, 1);
  assert.deepEqual([...whole.state], [FINISHED, FINISHED, FINISHED], 'the data is untouched');
});
