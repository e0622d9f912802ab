/** The card: beside what it describes, never on it, never off the screen; and what it reads. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finishedBy, requestLine } from '../../static/js/charts/segments.js';
import { begun, firingOf, random, samples } from './making.js';

Object.assign(globalThis, { matchMedia: () => ({ addEventListener() {} }) });
const { place } = await import('../../static/js/charts/card.js');
const CARD = { width: 320, height: 220 };

test('the card of a row is on the screen and never on the row', () => {
  for (const screen of [
    { width: 1440, height: 900 },
    { width: 390, height: 844 },
  ]) {
    for (let step = 0; step < 500; step++) {
      const [x, y] = [random() * screen.width, random() * screen.height];
      const anchor = { x, y, top: y - 6, bottom: y + 6, row: true };
      const [left, top] = place(anchor, CARD, screen);
      assert.ok(left >= 0 && left + CARD.width <= screen.width);
      assert.ok(top >= 0 && top + CARD.height <= screen.height);
      assert.ok(top > anchor.bottom || top + CARD.height < anchor.top, `${x}, ${y}`);
    }
  }
});

test('the card of a chart is beside the instant, or above or below a narrow chart', () => {
  const chart = { top: 500, bottom: 690, row: false };
  for (let x = 0; x < 1440; x += 7) {
    const [left] = place({ ...chart, x, y: 600 }, CARD, { width: 1440, height: 900 });
    assert.ok(left > x || left + CARD.width < x, `${x}`);
  }
  const [, top] = place({ ...chart, x: 195, y: 600 }, CARD, { width: 390, height: 844 });
  assert.ok(top + CARD.height < chart.top);
});

test('by keyboard, the request that finished last is read', () => {
  const rows = [300, 100, 200].map((done, request) => ({ request, due: 0, done }));
  const firing = firingOf(4, samples(rows), begun([{ request: 3 }]));
  assert.equal(finishedBy(firing, 99), -1);
  assert.equal(finishedBy(firing, 100), 1);
  assert.equal(finishedBy(firing, 299), 2);
  assert.equal(finishedBy(firing, 1000), 0);
  assert.equal(requestLine(firing, 2, []), 'request 2: 200, 200 ms');
  assert.equal(requestLine(firing, 3, []), 'request 3: in flight');
});
