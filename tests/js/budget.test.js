/** The page runs on the machine that is being measured: its scripts stay small. */

import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { test } from 'node:test';

const SCRIPTS = new URL('../../static/js/', import.meta.url);
// Bytes as written, comments and all: this only ever goes down.
const BUDGET = 79_500;

test('all JavaScript of our own stays within its budget', () => {
  const sizes = readdirSync(SCRIPTS, { encoding: 'utf8', recursive: true })
    .filter((name) => name.endsWith('.js'))
    .map((name) => statSync(new URL(name, SCRIPTS)).size);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  assert.ok(sizes.length > 10);
  assert.ok(total < BUDGET, `${total} bytes, expected less than ${BUDGET}`);
});
