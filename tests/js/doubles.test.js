/** What JavaScript defines a second time equals Python's definition: tests/golden/doubles.json. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { LINES } from '../../static/js/charts/lines.js';
import { HOLDS_MS, OF_ANY_PROCESS } from '../../static/js/charts/over-time.js';
import { requestInWords, SEGMENTS } from '../../static/js/charts/segments.js';
import { DRAWN, RunColumns, STAMPS, WARM_UP } from '../../static/js/data/columns.js';
import { NOT_STORED, TYPES } from '../../static/js/data/frame.js';
import { BINS, edgeOf } from '../../static/js/data/histogram.js';
import { samples } from './making.js';

const ROOT = new URL('../../', import.meta.url);
const read = (/** @type {string} */ path) => readFileSync(new URL(path, ROOT), 'utf8');
const python = JSON.parse(read('tests/golden/doubles.json'));
const MODULES = readdirSync(new URL('static/js/', ROOT), {
  encoding: 'utf8',
  recursive: true,
}).filter((name) => name.endsWith('.js'));
const NOT_DRAWN = ['chunks', 'neighbour']; // read by the server alone

/** What a pattern's group finds in all modules. @param {RegExp} pattern */
function said(pattern) {
  const found = MODULES.flatMap((name) => [...read(`static/js/${name}`).matchAll(pattern)]);
  return new Set(found.map((match) => match[1]));
}

python.failures.forEach((/** @type {string} */ name, /** @type {number} */ code) => {
  if (!name) return;
  test(`failure ${code} is said by its name, ${name}`, () => {
    const columns = new RunColumns(1);
    columns.take(samples([{ request: 0, due: 0, done: 5, error: code, status: 0 }]));
    const firing = /** @type {Firing} */ (columns.firing(0, 1));
    assert.ok(requestInWords(firing, 0, python.failures).startsWith(`request 0: ✕ ${name} `));
  });
});

test('no module has its own list of failure names', () => {
  assert.deepEqual([...said(/(no-descriptors|endless-head|malformed)/g)], []);
});

test('every kind of frame is drawn or deliberately ignored', () => {
  assert.deepEqual([...DRAWN, ...NOT_DRAWN].sort(), Object.keys(python.columns).sort());
});

test('the stored timestamps are those of a sample', () => {
  const { samples } = python.columns;
  assert.deepEqual(
    [...STAMPS],
    Object.keys(samples).filter((name) => samples[name] === 'i8'),
  );
});

test('columns that are read by name exist', () => {
  for (const { health } of Object.values(LINES)) {
    if (health) assert.ok(health in python.columns.health, health);
  }
});

test('column types have their sizes', () => {
  const sizes = Object.entries(TYPES).map(([name, type]) => [name, type.BYTES_PER_ELEMENT]);
  assert.deepEqual(Object.fromEntries(sizes), python.types);
});

test('handled events are sent, and their statuses exist', () => {
  for (const event of said(/\bevent === '(\w+)'/g)) {
    assert.ok(python.events.includes(event), event);
  }
  for (const status of said(/stage\.status ===? '(\w+)'/g)) {
    assert.ok(python.statuses.includes(status), status);
  }
  const [active] = said(/const ACTIVE = \[(.*?)\]/g);
  assert.deepEqual(active.replaceAll("'", '').split(', '), python.active);
});

test('the segments of a bar are those of the table', () => {
  // The page tells connecting from the client's delay; a table has both in one.
  const [delay, connecting, ...others] = Object.keys(SEGMENTS);
  assert.deepEqual([delay, connecting], ['delay', 'connecting']);
  assert.deepEqual(['client_delay', ...others], python.segments);
  const css = read('static/css/charts.css');
  for (const name of Object.keys(SEGMENTS)) assert.ok(css.includes(`--${name}:`), name);
});

test('numbers are the same', () => {
  assert.equal(NOT_STORED, python.not_stored);
  assert.equal(BINS, python.bins);
  assert.ok(Math.abs(edgeOf(1) / edgeOf(0) - python.bin_ratio) < 1e-12);
  assert.equal(WARM_UP, python.warm_up);
  assert.equal(HOLDS_MS, python.holds_ms);
  assert.deepEqual(OF_ANY_PROCESS, python.of_any_process);
});
