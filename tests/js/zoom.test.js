/** What is visible: time and rows, scaled and moved, never beyond the round. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outline } from '../../static/js/charts/minimap.js';
import { rowsWithin, Zoom } from '../../static/js/charts/zoom.js';
import { begun, firingOf, random, samples } from './making.js';

/** A view of 100 requests in 1000 ms. */
const whole = () => new Zoom(100);

test('the point that is zoomed at stays where it is', () => {
  const view = whole();
  assert.ok(view.by(2, 250, 50));
  assert.deepEqual(view.span, [125, 625]);
  assert.deepEqual(view.range, [25, 75]);
  const share = (250 - view.span[0]) / (view.span[1] - view.span[0]);
  assert.equal(share, 0.25);
});

test('a chart without rows zooms the time alone', () => {
  const view = whole();
  view.by(2, 0, null);
  assert.deepEqual(view.span, [0, 500]);
  assert.equal(view.rows, null);
});

test('in and out again is everything', () => {
  const view = whole();
  for (let step = 0; step < 4; step++) view.by(1.5, 700, 20);
  assert.ok(view.active);
  for (let step = 0; step < 5; step++) view.by(1 / 1.5, 100, 90);
  assert.ok(!view.active);
  assert.deepEqual(
    [view.span, view.range],
    [
      [0, 1000],
      [0, 100],
    ],
  );
  assert.ok(!view.by(0.5, 500, 50), 'nothing changed, so the page may scroll');
});

test('no zoom or move leaves the round, or the least that can be read', () => {
  const view = whole();
  for (let step = 0; step < 2000; step++) {
    if (random() < 0.7) view.by(0.5 + 2 * random(), 1000 * random(), 100 * random());
    else view.move(4000 * (random() - 0.5), 400 * (random() - 0.5));
    const [[from, to], [first, end]] = [view.span, view.range];
    assert.ok(from >= 0 && to <= 1000 + 1e-9 && to - from >= 0.5 - 1e-9, `${view.span}`);
    assert.ok(first >= 0 && end <= 100 + 1e-9 && end - first >= 12 - 1e-9, `${view.range}`);
  }
});

test('a selection is shown with the rows that have a bar in it', () => {
  const done = [100, 200, 300, 400, 500].map((done, request) => ({ request, due: 0, done }));
  const firing = firingOf(100, samples(done), begun([{ request: 50, due: 350 }]));
  assert.deepEqual(rowsWithin([firing], [250, 450]), [2, 51]);
  assert.deepEqual(rowsWithin([firing], [250, 300]), [2, 5]);
  assert.equal(rowsWithin([firingOf(5)], [0, 1000]), null);
  const view = whole();
  view.show([250, 450], [20, 61]);
  assert.deepEqual(
    [view.span, view.range],
    [
      [250, 450],
      [20, 61],
    ],
  );
  view.show([250, 450], [2, 5]);
  assert.deepEqual(view.range, [0, 12], 'at least what can be read');
});

test('the cursor is revealed, with as little movement as possible', () => {
  const view = whole();
  view.by(10, 0, null);
  view.reveal(50);
  assert.deepEqual(view.span, [0, 100]);
  view.reveal(130);
  assert.deepEqual(view.span, [30, 130]);
  view.reveal(10);
  assert.deepEqual(view.span, [10, 110]);
});

test('the outline ends with the slowest request of each row of pixels', () => {
  const rows = [100, 300, 200, 400].map((done, request) => ({ request, due: 0, done }));
  const firing = firingOf(6, samples(rows));
  const size = { width: 100, height: 3 };
  assert.deepEqual(outline(firing, 6, 1000, size), [
    [30, 0.5],
    [40, 1.5],
  ]);
});
