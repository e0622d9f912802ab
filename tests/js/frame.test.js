/** The wire, by the golden frames that Python wrote and by bytes that are none. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { decode, envelopes, FrameError, NOT_STORED, Wide } from '../../static/js/data/frame.js';

const GOLDEN = new URL('../golden/', import.meta.url);
const expected = JSON.parse(readFileSync(new URL('expected.json', GOLDEN), 'utf8'));
const KINDS = Object.keys(expected);

/** @param {string} kind */
function golden(kind) {
  const bytes = readFileSync(new URL(`${kind}.frame`, GOLDEN));
  return new Uint8Array(bytes); // at the beginning of a buffer of its own
}

/** @param {Uint8Array} bytes */
function view(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * @param {Frame} frame
 * @param {string} name
 */
function values(frame, name) {
  const column = frame.columns[name];
  if (!(column instanceof Wide)) return Array.from(column);
  return Array.from({ length: column.length }, (_, row) => column.at(row));
}

/**
 * A frame with this header and no columns behind it.
 * @param {unknown} header
 * @param {number} [length] its own length as written in it
 */
function headed(header, length) {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + (-text.length & 7)).fill(0x20);
  bytes.set([0x4c, 0x42, 0x46, 0x31]);
  new DataView(bytes.buffer).setUint32(4, length ?? bytes.length - 8, true);
  bytes.set(text, 8);
  return view(bytes);
}

for (const kind of KINDS) {
  test(`the golden ${kind} frame is read as Python wrote it`, () => {
    const frame = decode(view(golden(kind)));
    assert.equal(frame.kind, kind);
    assert.equal(frame.lane, 2);
    assert.equal(frame.round, 3);
    assert.deepEqual(Object.keys(frame.columns), Object.keys(expected[kind]));
    for (const name of Object.keys(expected[kind])) {
      assert.deepEqual(values(frame, name), expected[kind][name], name);
    }
  });

  test(`the ${kind} frame is read wherever its bytes lie`, () => {
    const bytes = golden(kind);
    for (let shift = 1; shift < 8; shift++) {
      const moved = new Uint8Array(bytes.length + shift);
      moved.set(bytes, shift);
      const frame = decode(view(moved.subarray(shift)));
      for (const name of Object.keys(expected[kind])) {
        assert.deepEqual(values(frame, name), expected[kind][name], name);
      }
    }
  });

  test(`a ${kind} frame cut short anywhere is refused`, () => {
    const bytes = golden(kind);
    // The last column's padding alone may be missing.
    for (let length = 0; length < bytes.length - 7; length++) {
      assert.throws(() => decode(view(bytes.subarray(0, length))), FrameError, `${length} bytes`);
    }
  });
}

test('eight bytes are one number, up to 2^53 and below 0', () => {
  const pairs = [
    [0, 0],
    [-1, 0],
    [0, 1],
    [-1, 0x1fffff],
    [-1, -1],
    [-2, -1],
  ];
  const column = new Wide(Int32Array.from(pairs.flat()).buffer);
  const read = pairs.map((_, row) => column.at(row));
  assert.deepEqual(read, [0, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, -1, -2]);
  assert.equal(column.length, 6);
});

test('bytes that are not a frame are refused with a reason', () => {
  const columns = [['request', 'u4']];
  const bad = {
    'other bytes': view(new Uint8Array(16)),
    'no JSON': headed('not an object'),
    'no columns': headed({ kind: 'samples', rows: 1 }),
    'fewer rows than none': headed({ kind: 'samples', rows: -1, columns }),
    'an unknown type': headed({ kind: 'samples', rows: 0, columns: [['x', 'f8']] }),
    'a header longer than the frame': headed({ kind: 'samples', rows: 0, columns }, 4000),
  };
  for (const [name, payload] of Object.entries(bad)) {
    assert.throws(() => decode(payload), FrameError, name);
  }
});

test('a column with an unknown name is no error', () => {
  const frame = decode(
    headed({ kind: 'samples', lane: 0, round: 1, rows: 0, columns: [['new', 'u1']] }),
  );
  assert.equal(frame.rows, 0);
});

/** @param {...[number, Uint8Array]} parts */
function enveloped(...parts) {
  const bytes = parts.flatMap(([sequence, payload]) => {
    const head = new DataView(new ArrayBuffer(8));
    head.setUint32(0, payload.length, true);
    head.setUint32(4, sequence, true);
    return [...new Uint8Array(head.buffer), ...payload];
  });
  return Uint8Array.from(bytes).buffer;
}

test('envelopes follow each other, events and frames', () => {
  const event = new TextEncoder().encode('{"event":"line"}');
  const buffer = enveloped([0, golden('samples')], [NOT_STORED, golden('begun')], [7, event]);
  const found = envelopes(buffer);
  assert.deepEqual(
    found.map(({ sequence }) => sequence),
    [0, 4294967295, 7],
  );
  assert.equal(decode(found[1].payload).kind, 'begun');
});

test('no bytes are no envelope, and half an envelope is refused', () => {
  assert.deepEqual(envelopes(new ArrayBuffer(0)), []);
  const whole = enveloped([0, golden('begun')]);
  for (const length of [1, 7, 8, 100, whole.byteLength - 1]) {
    assert.throws(() => envelopes(whole.slice(0, length)), FrameError, `${length} bytes`);
  }
});
