/** Six lanes are told apart without colour, in the canvases as in the style sheet and the SVGs. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

Object.assign(globalThis, { matchMedia: () => ({ addEventListener() {} }) });
const { DASHES, MARKS } = await import('../../static/js/charts/theme.js');
const { markPlaces } = await import('../../static/js/charts/plot.js');
const read = (/** @type {string} */ path) =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('each of six lanes has a line style and a mark of its own', () => {
  assert.equal(new Set(DASHES.map(String)).size, 6);
  assert.equal(new Set(MARKS).size, 6);
});

test('the template has the same marks, the style sheet the same dashes', () => {
  const marks = [...read('templates/charts/mark.html').matchAll(/ d="([^"]+)"/g)];
  assert.deepEqual(
    marks.map(([, path]) => path),
    MARKS,
  );
  const css = read('static/css/panel.css');
  [...'BCDEF'].forEach((letter, at) => {
    const dash = DASHES[at + 1].join(' ');
    const rule = new RegExp(`\\[data-letter="${letter}"\\][^{]*{\\s*stroke-dasharray: ${dash};`);
    assert.match(css, rule, letter);
  });
});

test('marks are spread along a line, steep or flat, those of two lanes apart', () => {
  const flat = Array.from({ length: 101 }, (_, x) => ({ x, y: 0 }));
  const [first, second] = [0.25, 0.75].map((offset) => markPlaces(flat, offset));
  assert.deepEqual(
    first.map(({ x }) => x),
    [7, 32, 57, 82],
  );
  for (const { x } of second) assert.ok(first.every((other) => Math.abs(other.x - x) > 10));
  const wall = Array.from({ length: 101 }, (_, y) => ({ x: 0, y }));
  assert.equal(new Set(markPlaces(wall, 0.5).map(({ y }) => y)).size, 4);
  assert.deepEqual(markPlaces([], 0.5), []);
});
