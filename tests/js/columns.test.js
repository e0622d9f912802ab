/** What has arrived of a run: nothing doubles, and the order means nothing. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BEGUN, FINISHED, RunColumns, UNKNOWN } from '../../static/js/data/columns.js';
import { begun, counts, firingOf, samples, scattered, whole } from './making.js';

test('a request is begun and then finished', () => {
  const firing = firingOf(3, begun([{ request: 0 }, { request: 2, due: 1, sent_first: 2 }]));
  assert.deepEqual([...firing.state], [BEGUN, UNKNOWN, BEGUN]);
  assert.deepEqual([firing.begun, firing.finished], [2, 0]);
  assert.equal(firing.stamps.sent_first[2], 2);
  firing.take(samples([whole(2, 10)]));
  assert.deepEqual([...firing.state], [BEGUN, UNKNOWN, FINISHED]);
  assert.deepEqual([firing.begun, firing.finished], [2, 1]);
  assert.equal(firing.lastDone_ms, 117);
});

test('a frame that comes twice is counted once', () => {
  const frame = samples([whole(0, 1), whole(1, 2), { ...whole(2, 3), error: 4 }]);
  const once = firingOf(3, frame);
  const twice = firingOf(3, frame, frame, begun([{ request: 1, due: 500 }]));
  assert.deepEqual(twice.stamps, once.stamps);
  assert.deepEqual([twice.begun, twice.finished, twice.failed], [3, 3, 1]);
});

test('a view that was not called has no timestamp, and a redirect before it has failed', () => {
  const before = { view_entered: -2e-6, view_left: -1e-6, error: 15, status: 302 };
  const firing = firingOf(1, samples([{ ...whole(0, 1), ...before }]));
  assert.ok(Number.isNaN(firing.stamps.view_entered[0]));
  assert.ok(Number.isNaN(firing.stamps.view_left[0]));
  assert.deepEqual([firing.finished, firing.failed, firing.error[0]], [1, 1, 15]);
});

test('frames in another order make the same picture', () => {
  const frames = [
    begun([{ request: 0 }, { request: 1 }]),
    samples([whole(1, 5)]),
    begun([{ request: 2 }]),
    samples([whole(2, 7), whole(0, 6)]),
  ];
  const forth = firingOf(3, ...frames);
  const back = firingOf(3, ...[...frames].reverse());
  assert.deepEqual(back.stamps, forth.stamps);
  assert.deepEqual(back.state, forth.state);
  assert.deepEqual([back.begun, back.finished], [3, 3]);
});

test('the arrays grow when more requests come than planned', () => {
  const firing = firingOf(2, samples([whole(0, 1)]), samples([whole(9, 2)]));
  assert.equal(firing.finished, 2);
  assert.equal(firing.stamps.done[0], 108);
  assert.equal(firing.stamps.done[9], 109);
  assert.ok(Number.isNaN(firing.stamps.done[5]));
});

test('unknown values are NaN, never 0', () => {
  const firing = firingOf(1, samples([{ request: 0, due: 0, done: 30_000, error: 4, status: 0 }]));
  assert.equal(firing.stamps.due[0], 0);
  assert.ok(Number.isNaN(firing.stamps.entered[0]));
  assert.equal(firing.failed, 1);
});

test('columns may be missing or added by a newer engine', () => {
  const frame = samples([whole(0, 1)]);
  delete frame.columns.connecting;
  frame.columns.something_new = Uint8Array.of(3);
  const firing = firingOf(1, frame);
  assert.equal(firing.finished, 1);
  assert.ok(Number.isNaN(firing.stamps.connecting[0]));
});

test('lanes and rounds are kept apart, and the warm-up is not counted', () => {
  const columns = new RunColumns(40);
  columns.take(samples([whole(0, 1)], { lane: 1, round: 0 }));
  columns.take(samples([whole(0, 2)], { lane: 1, round: 2 }));
  columns.take(samples([whole(0, 3)], { lane: 0, round: 1 }));
  assert.equal(columns.newestRound, 2);
  assert.equal(columns.counted(0).length, 1);
  assert.equal(columns.counted(1).length, 1);
  assert.equal(columns.counted(1)[0].stamps.entered[0], 4);
  assert.equal(columns.firing(0, 2), undefined);
  assert.equal(columns.firing(1, 0)?.state.length, 16);
});

test('a repeated round is kept and not counted', () => {
  const columns = new RunColumns(40, [1]);
  for (const round of [1, 2, 3]) columns.take(samples([whole(0, round)], { round }));
  columns.discarded.add(3);
  assert.deepEqual(columns.counted(0), [columns.firing(0, 2)]);
  assert.equal(columns.firing(0, 1)?.finished, 1);
});

test('unknown kinds are ignored', () => {
  const columns = new RunColumns(1);
  columns.take({ kind: 'weather', lane: 0, round: 1, rows: 1, columns: {} });
  assert.equal(columns.firing(0, 1), undefined);
});

test('each changed request is listed once for the chart', () => {
  const firing = firingOf(2, begun([{ request: 1 }]), samples([whole(1, 1)]));
  assert.deepEqual(firing.changed, [1, 1]);
});

/** A stream of which one request in four comes as a row, and the rest is counted. */
function thinned() {
  const all = scattered(400).map((row) => ({ ...row, error: row.request % 7 ? 0 : 4 }));
  const [first, second] = [all.slice(0, 200), all.slice(200)];
  const drawn = (/** @type {typeof all} */ rows) => rows.filter(({ request }) => request % 4 === 0);
  const others = (/** @type {typeof all} */ rows) => rows.filter(({ request }) => request % 4);
  const part = { every: 4, in_flight: 200 };
  const firing = firingOf(
    400,
    samples(drawn(first)),
    counts(others(first), { ...part, stands_for: 5 }),
    samples(drawn(second)),
    counts(others(second), { ...part, in_flight: 0, stands_for: 6 }),
  );
  return { firing, first, second, whole: firingOf(400, samples(all)) };
}

test('of a dense stream everything is counted and a sample is drawn', () => {
  const { firing, whole } = thinned();
  assert.deepEqual(
    [firing.begun, firing.finished, firing.failed, firing.every],
    [400, 400, whole.failed, 4],
  );
  assert.equal(firing.state.filter(Boolean).length, 100);
});

test('whole frames replace counts, and nothing is counted twice', () => {
  const { firing, first, second, whole } = thinned();
  firing.take(samples(second), 6);
  assert.deepEqual([firing.begun, firing.finished, firing.every], [400, 400, 4]);
  firing.take(samples(first), 5);
  firing.take(samples(first), 5);
  assert.deepEqual([firing.begun, firing.finished, firing.failed], [400, 400, whole.failed]);
  assert.equal(firing.every, 1);
  assert.deepEqual(firing.stamps, whole.stamps);
  assert.deepEqual([...firing.order].sort(), [...whole.order].sort());
});

test('bars that no sample would end are removed when a stream becomes dense', () => {
  const firing = firingOf(8, begun([{ request: 0 }, { request: 1 }, { request: 2 }]));
  firing.take(counts([{ request: 1, done: 5 }], { every: 8, in_flight: 2, stands_for: 0 }));
  assert.deepEqual([firing.begun, firing.finished, firing.open.size], [3, 1, 0]);
  firing.take(samples([whole(2, 1)]));
  assert.equal(firing.state[2], FINISHED);
});
