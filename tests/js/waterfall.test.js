/** The waterfall: where rows and segments stand, and what is painted when. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rows } from '../../static/js/charts/row-layout.js';
import { eachSegment, lengths } from '../../static/js/charts/segments.js';
import { waterfallOn } from '../../static/js/charts/waterfall.js';
import { begun, firingOf, samples, whole } from './making.js';

const PAINTS = {
  delay: 'delay',
  connecting: 'connecting',
  server: 'server',
  framework: 'framework',
  view: 'view',
  delivery: 'response on its way',
  error: 'error',
};

/** A canvas that remembers what was painted on it. */
function canvas() {
  /** @type {{paint: string, left: number, top: number, width: number, height: number}[]} */
  const painted = [];
  const context = {
    fillStyle: '',
    globalAlpha: 1,
    lines: 0,
    clearRect() {},
    beginPath() {},
    moveTo() {},
    lineTo() {
      this.lines++;
    },
    stroke() {},
    /** @type {(left: number, top: number, width: number, height: number) => void} */
    fillRect(left, top, width, height) {
      painted.push({ paint: this.fillStyle, left, top, width, height });
    },
  };
  const element = /** @type {any} */ ({ width: 1, height: 1, getContext: () => context });
  return { element, context, painted };
}

/** @param {number} requests */
function view(requests) {
  const lasting = { requests, faint: false, selection: null, rows: null };
  return { ...lasting, span: /** @type {Span} */ ([0, 1000]), now_ms: 0 };
}

/** @param {Firing} firing @param {number} [now_ms] */
function segments(firing, now_ms = 0) {
  /** @type {[string, number, number][]} */
  const found = [];
  eachSegment(firing, 0, now_ms, (name, from, to) => found.push([name, from, to]));
  return found;
}

test('a whole request has every segment, end to end', () => {
  assert.deepEqual(segments(firingOf(1, samples([whole(0, 10)]))), [
    ['delay', 0, 0.5],
    ['connecting', 0.5, 1],
    ['delay', 1, 2],
    ['server', 2, 12],
    ['framework', 12, 15],
    ['view', 15, 115],
    ['delivery', 115, 117],
  ]);
});

test('without the probe everything counts as the server', () => {
  const firing = firingOf(1, samples([{ request: 0, due: 0, sent_first: 1, sent: 1, done: 50 }]));
  assert.deepEqual(segments(firing), [
    ['delay', 0, 1],
    ['server', 1, 50],
  ]);
});

test('an open connection has no connecting segment, and a late body is no waiting', () => {
  const row = { ...whole(0, 10), connecting: Number.NaN, sent: 13 }; // entered at 12
  const firing = firingOf(1, samples([row]));
  assert.deepEqual(
    segments(firing).map(([name]) => name),
    ['delay', 'delay', 'framework', 'view', 'delivery'],
  );
  assert.equal(lengths(firing, 0).delay, 13);
});

test('segments never overlap, and fill the time from due to done', () => {
  for (let case_ = 0; case_ < 200; case_++) {
    const row = whole(0, case_);
    if (case_ % 2) row.connecting = Number.NaN;
    if (case_ % 3 === 0) row.view_entered = row.view_left = Number.NaN;
    const found = segments(firingOf(1, samples([row])));
    assert.equal(found[0][1], 0);
    for (let i = 1; i < found.length; i++) assert.equal(found[i][1], found[i - 1][2]);
    assert.equal(found.at(-1)?.[2], row.done);
  }
});

test('a request in flight grows: before sending until it was sent, then waiting in the server', () => {
  const unsent = firingOf(1, begun([{ request: 0, due: 5 }]));
  assert.deepEqual(segments(unsent, 30), [['connecting', 5, 30]]);
  const sent = firingOf(1, begun([{ request: 0, due: 5, sent_first: 6 }]));
  assert.deepEqual(segments(sent, 30), [
    ['delay', 5, 6],
    ['server', 6, 30],
  ]);
  assert.deepEqual(segments(sent, 40).at(-1), ['server', 6, 40]);
});

test('rows fit: each has its place, none touches the next', () => {
  const rows = new Rows({ requests: 100, height: 400, ratio: 1 });
  assert.deepEqual(rows.bar(0), [0, 3]);
  assert.deepEqual(rows.bar(99), [396, 3]);
  assert.deepEqual(rows.range(), [0, 100]);
  assert.ok(rows.roomy);
});

test('a few requests have rows of limited height', () => {
  const rows = new Rows({ requests: 2, height: 400, ratio: 2 });
  assert.deepEqual(rows.bar(1), [56, 54]);
});

test('with few pixels, requests share rows and each belongs to one', () => {
  for (const [requests, height] of [
    [1000, 400],
    [10_000, 333],
    [401, 400],
  ]) {
    const rows = new Rows({ requests, height, ratio: 1 });
    let next = 0;
    while (next < requests) {
      const [first, last] = rows.sharing(next);
      assert.ok(first === next); // which -0 is, too
      assert.ok(last > first);
      const tops = new Set([rows.bar(first)[0], rows.bar(last - 1)[0]]);
      assert.equal(tops.size, 1, `requests ${first} to ${last} of ${requests}`);
      next = last;
    }
    assert.equal(next, requests);
  }
});

test('zoomed, a range of rows fits exactly', () => {
  const rows = new Rows({ requests: 1000, height: 400, ratio: 1, rows: [50, 250] });
  assert.deepEqual(rows.range(), [50, 250]);
  assert.deepEqual(rows.bar(50), [0, 2]);
  assert.ok(!rows.visible(49));
  assert.ok(rows.visible(249));
  assert.ok(!rows.visible(250));
});

test('a request is found where its bar is drawn, zoomed or not', () => {
  const { element } = canvas();
  const waterfall = waterfallOn(element);
  waterfall.resize(500, 200, 2);
  const firing = firingOf(100, samples([whole(0, 1)]));
  for (const rows of /** @type {Chosen[]} */ ([null, [40, 60]])) {
    waterfall.draw(firing, '1', { ...view(100), rows }, PAINTS);
    const [top, height] = waterfall.placeOf(50) ?? [];
    assert.equal(Math.floor(waterfall.rowAt(Number(top) + Number(height) / 2)), 50);
  }
  assert.equal(waterfall.placeOf(39), null);
});

test('bars have computed edges', () => {
  const { element, painted } = canvas();
  const waterfall = waterfallOn(element);
  waterfall.resize(500, 200, 1);
  const firing = firingOf(10, samples([whole(4, 210)])); // entered at 212, done at 317
  waterfall.draw(firing, '1', view(10), PAINTS);
  const solid = painted.find(({ paint }) => paint === 'view');
  // 1000 ms are 500 pixels; rows are 20 pixels apart, 18 high.
  assert.deepEqual(solid, { paint: 'view', left: 108, top: 80, width: 50, height: 18 });
  const right = Math.max(...painted.map(({ left, width }) => left + width));
  assert.equal(right, Math.round(317 / 2));
});

test('only what changed or grows is painted again', () => {
  const { element } = canvas();
  const waterfall = waterfallOn(element);
  waterfall.resize(500, 200, 1);
  const firing = firingOf(10, samples([whole(0, 1), whole(1, 2)]), begun([{ request: 2 }]));
  waterfall.draw(firing, '1', { ...view(10), now_ms: 10 }, PAINTS);
  assert.deepEqual(waterfall.painted, { whole: 1, bars: 3 });
  waterfall.draw(firing, '1', { ...view(10), now_ms: 20 }, PAINTS);
  assert.deepEqual(waterfall.painted, { whole: 1, bars: 4 }, 'the one that grows');
  firing.take(samples([whole(2, 30), whole(3, 31)]));
  waterfall.draw(firing, '1', { ...view(10), now_ms: 150 }, PAINTS);
  assert.deepEqual(waterfall.painted, { whole: 1, bars: 6 }, 'the two that came');
  waterfall.draw(firing, '1', { ...view(10), now_ms: 160 }, PAINTS);
  assert.deepEqual(waterfall.painted, { whole: 1, bars: 6 }, 'nothing');
});

test('everything is painted again when the axis, the round or the scheme changes', () => {
  const { element } = canvas();
  const waterfall = waterfallOn(element);
  waterfall.resize(500, 200, 1);
  const firing = firingOf(10, samples([whole(0, 1)]));
  waterfall.draw(firing, '1', view(10), PAINTS);
  waterfall.draw(firing, '1', { ...view(10), span: /** @type {Span} */ ([0, 1200]) }, PAINTS);
  waterfall.draw(firing, '2', { ...view(10), span: /** @type {Span} */ ([0, 1200]) }, PAINTS);
  waterfall.draw(firing, '2', { ...view(10), span: /** @type {Span} */ ([0, 1200]) }, PAINTS);
  waterfall.resize(500, 200, 1); // in other colours
  waterfall.draw(firing, '2', { ...view(10), span: /** @type {Span} */ ([0, 1200]) }, PAINTS);
  waterfall.resize(501, 200, 1);
  waterfall.draw(firing, '2', { ...view(10), span: /** @type {Span} */ ([0, 1200]) }, PAINTS);
  assert.equal(waterfall.painted.whole, 5);
});

test('an error is marked, and is never lost among requests that share its pixel', () => {
  const { element, context } = canvas();
  const waterfall = waterfallOn(element);
  waterfall.resize(500, 100, 1);
  const rows = Array.from({ length: 1000 }, (_, request) => whole(request, 1));
  rows[507].error = 5;
  waterfall.draw(firingOf(1000, samples(rows)), '1', view(1000), PAINTS);
  assert.equal(waterfall.painted.bars, 100);
  assert.equal(context.lines, 2, 'one ✕');
});

test('zoomed into a stretch of time, its ends are the canvas', () => {
  const { element, painted } = canvas();
  const waterfall = waterfallOn(element);
  waterfall.resize(500, 200, 1);
  const firing = firingOf(10, samples([whole(4, 210)]));
  waterfall.draw(firing, '1', { ...view(10), span: [200, 300] }, PAINTS);
  const solid = painted.find(({ paint }) => paint === 'view'); // 215 to 315 ms
  assert.deepEqual([solid?.left, solid?.width], [75, 500]);
});

test('bars outside of the selection are faint', () => {
  const { element, context } = canvas();
  const waterfall = waterfallOn(element);
  const firing = firingOf(1, samples([whole(0, 1)])); // done at 108 ms
  waterfall.draw(firing, '1', { ...view(1), selection: [100, 110] }, PAINTS);
  assert.equal(context.globalAlpha, 1);
  waterfall.draw(firing, '1', { ...view(1), selection: [0, 100] }, PAINTS);
  assert.ok(context.globalAlpha < 0.5);
});

test('a round that is not selected is faint', () => {
  const { element, context } = canvas();
  const waterfall = waterfallOn(element);
  waterfall.draw(firingOf(1, samples([whole(0, 1)])), '0', { ...view(1), faint: true }, PAINTS);
  assert.ok(context.globalAlpha < 0.5);
});
