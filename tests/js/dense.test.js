/** A dense stream: the page counts what the server left out, by one golden file for both. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { RunColumns } from '../../static/js/data/columns.js';
import { decode } from '../../static/js/data/frame.js';
import { binOf } from '../../static/js/data/histogram.js';

const golden = JSON.parse(readFileSync(new URL('../golden/dense.json', import.meta.url), 'utf8'));

/** @param {RunColumns} columns @param {[number, string][]} envelopes */
function take(columns, envelopes) {
  for (const [sequence, data] of envelopes) {
    const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
    columns.take(decode(new DataView(bytes.buffer)), sequence);
  }
  const firing = columns.begin(1, 2);
  const { begun, finished, failed, cutOff } = firing;
  return { firing, held: { begun, finished, failed, cut_off: cutOff } };
}

test('response times are in the same bins as on the server', () => {
  for (const [time_ns, bin] of Object.entries(golden.bins)) {
    assert.equal(binOf(Number(time_ns) / 1e6), bin, `${time_ns} ns`);
  }
});

test('after each message the page holds what the stream held', () => {
  const columns = new RunColumns(golden.requests);
  golden.sent.forEach((/** @type {[number, string][]} */ envelopes, /** @type {number} */ at) => {
    assert.deepEqual(take(columns, envelopes).held, golden.held[at]);
  });
  assert.ok(columns.begin(1, 2).every > 1);
});

test('whole frames take the place of the counts', () => {
  const columns = new RunColumns(golden.requests);
  for (const envelopes of golden.sent) take(columns, envelopes);
  const { firing, held } = take(columns, golden.stored);
  assert.deepEqual(held, golden.held.at(-1));
  assert.equal(firing.every, 1);
  const whole = take(new RunColumns(golden.requests), golden.stored).firing;
  assert.deepEqual(firing.stamps.done, whole.stamps.done);
  assert.deepEqual(firing.bin, whole.bin);
});
