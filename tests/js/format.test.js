/** Durations are written as the server writes them: tests/golden/durations.json holds for both. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { duration } from '../../static/js/shared/format.js';

const GOLDEN = new URL('../golden/durations.json', import.meta.url);

test('durations have three significant digits and one unit', () => {
  for (const [value_ms, text] of JSON.parse(readFileSync(GOLDEN, 'utf8'))) {
    assert.equal(duration(value_ms), text, value_ms);
  }
  assert.equal(duration(Number.NaN), '–');
});
