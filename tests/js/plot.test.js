/** The layout of a chart. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

test('letters are beside the ends of their lines and never overlap', async () => {
  Object.assign(globalThis, { matchMedia: () => ({ addEventListener() {} }) });
  const { spread } = await import('../../static/js/charts/plot.js');
  const ends = [10, 12, 13, 80].map((y) => ({ x: 50, y }));
  const placed = spread(ends);
  assert.equal(placed.length, 4);
  for (const one of placed) {
    assert.ok(one.x > 50 && one.y >= 0); // none is cut off above
    for (const other of placed) {
      const apart = Math.max(Math.abs(one.x - other.x), Math.abs(one.y - other.y));
      assert.ok(one === other || apart >= 14);
    }
  }
});

test('time marks are shares of the axis', async () => {
  const { timeMarks } = await import('../../static/js/charts/plot.js');
  const two = timeMarks([0, 1000], 200);
  assert.deepEqual(
    two.map(([share]) => share),
    [0, 0.5, 1],
  );
  assert.deepEqual(
    two.map(([, name]) => name),
    ['0', '0.5 s', '1 s'],
  );
});

test('the box of a plot leaves room for its labels', async () => {
  Object.assign(globalThis, {
    getComputedStyle: () => ({ fontSize: '12px', fontFamily: 'sans-serif' }),
  });
  const { Plot } = await import('../../static/js/charts/plot.js');
  const canvas = /** @type {any} */ ({ getContext: () => ({ setTransform() {} }) });
  const { left, top, width, height } = new Plot(canvas, { width: 276, height: 138 }, 2);
  assert.deepEqual([left, top, width, height], [56, 14, 200, 100]);
  assert.deepEqual([canvas.width, canvas.height], [552, 276]);
});
