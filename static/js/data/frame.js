/**
 * The wire in the browser: envelopes and frames. The specification is docs/frame.md,
 * and tests/golden/ holds frames that Python and this file both decode.
 */

/** The sequence number of frames that are not stored. */
export const NOT_STORED = 0xffffffff;

const MAGIC = 0x3146424c; // "LBF1", little-endian
const HIGH = 4294967296; // the weight of an i8's upper half
const text = new TextDecoder();

/** The bytes are not a complete frame. */
export class FrameError extends Error {
  name = 'FrameError';
}

/**
 * Eight-byte integers as pairs of halves: a BigInt per value would cost more than everything
 * else. Exact up to 2^53, which is 104 days in nanoseconds.
 */
export class Wide {
  static BYTES_PER_ELEMENT = 8;

  /** @param {ArrayBufferLike} bytes low and high half of each value in turn */
  constructor(bytes, at = 0, length = bytes.byteLength / 8) {
    this.halves = new Int32Array(bytes, at, 2 * length);
    this.length = length;
  }

  /** @param {number} row */
  at(row) {
    return this.halves[2 * row + 1] * HIGH + (this.halves[2 * row] >>> 0);
  }
}

/** @type {ColumnTypes} */
export const TYPES = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i4: Int32Array, i8: Wide };

/** @param {ArrayBuffer} buffer @returns {Envelope[]} */
export function envelopes(buffer) {
  const view = new DataView(buffer);
  const read = [];
  for (let at = 0; at < buffer.byteLength; ) {
    if (at + 8 > buffer.byteLength) {
      throw new FrameError(`the envelope at ${at} is incomplete`);
    }
    const length = view.getUint32(at, true);
    const sequence = view.getUint32(at + 4, true);
    at += 8;
    if (at + length > buffer.byteLength) {
      throw new FrameError(`expected ${length} bytes of payload, found ${buffer.byteLength - at}`);
    }
    read.push({ sequence, payload: new DataView(buffer, at, length) });
    at += length;
  }
  return read;
}

/**
 * One frame; aligned columns are views on the same bytes. An unknown type is an error, an unknown
 * name is ignored.
 * @param {DataView} payload @returns {Frame}
 */
export function decode(payload) {
  if (payload.byteLength < 8 || payload.getUint32(0, true) !== MAGIC) {
    throw new FrameError('expected a frame that begins with LBF1');
  }
  const length = payload.getUint32(4, true);
  const header = readHeader(payload, length);
  return { ...header, columns: readColumns(payload, 8 + length, header) };
}

/** @type {ReadHeader} */
function readHeader(payload, length) {
  if (8 + length > payload.byteLength) {
    throw new FrameError(`expected a header of ${length} bytes, the frame is shorter`);
  }
  try {
    const bytes = new Uint8Array(payload.buffer, payload.byteOffset + 8, length);
    const header = JSON.parse(text.decode(bytes));
    if (!Array.isArray(header.columns) || !(header.rows >= 0)) throw Error('no columns or rows');
    return header;
  } catch (error) {
    throw new FrameError(`header: expected a JSON object of a frame, found ${error}`);
  }
}

/** @type {ReadColumns} */
function readColumns(payload, at, { rows, columns }) {
  /** @type {Columns} */
  const read = {};
  for (const [name, code] of columns) {
    const Column = TYPES[code];
    if (!Column) throw new FrameError(`column ${name}: unknown type ${code}`);
    const size = rows * Column.BYTES_PER_ELEMENT;
    if (at + size > payload.byteLength) {
      throw new FrameError(`column ${name}: expected ${size} bytes, the frame is shorter`);
    }
    const begin = payload.byteOffset + at;
    // Typed arrays need aligned bytes; others are copied.
    read[name] =
      begin & 7
        ? new Column(payload.buffer.slice(begin, begin + size))
        : new Column(payload.buffer, begin, rows);
    at += size + (-size & 7);
  }
  return read;
}
