/** What is visible of a round: a stretch of time and some rows, the same in all lanes. */

const LEAST_MS = 0.5;
const LEAST_ROWS = 12;

/** A range of this length moved into 0 to `end`; null if it is all of that. @type {RangeWithin} */
function within(from, length, end) {
  if (length >= end * (1 - 1e-9)) return null;
  const first = Math.min(Math.max(from, 0), end - length);
  return [first, first + length];
}

/** A range scaled around a point, which stays where it is. @type {Scaled} */
function scaled([from, to], at, factor, end, least) {
  const length = Math.max((to - from) / factor, Math.min(least, end));
  return within(at - ((at - from) * length) / (to - from), length, end);
}

export class Zoom {
  time = /** @type {Chosen} */ (null); // null: everything
  rows = /** @type {Chosen} */ (null);
  end_ms = 1000; // of everything

  /** @param {number} requests of a round */
  constructor(requests) {
    this.requests = requests;
  }

  get active() {
    return Boolean(this.time || this.rows);
  }

  /** @returns {Span} */
  get span() {
    return this.time ?? [0, this.end_ms];
  }

  /** @returns {Span} */
  get range() {
    return this.rows ?? [0, this.requests];
  }

  /** Scale time and rows around a point; null leaves the rows. @type {ZoomBy} */
  by(factor, at_ms, row) {
    const before = `${this.time} ${this.rows}`;
    this.time = scaled(this.span, at_ms, factor, this.end_ms, LEAST_MS);
    if (row !== null) this.rows = scaled(this.range, row, factor, this.requests, LEAST_ROWS);
    return before !== `${this.time} ${this.rows}`;
  }

  /** Show this stretch and these rows. @type {ShowRange} */
  show([from_ms, to_ms], rows) {
    this.time = within(from_ms, Math.max(to_ms - from_ms, LEAST_MS), this.end_ms);
    const [first, end] = rows ?? [0, this.requests];
    const many = Math.max(end - first, Math.min(LEAST_ROWS, this.requests));
    this.rows = within(first - (many - (end - first)) / 2, many, this.requests);
  }

  /** @type {MoveBy} */
  move(by_ms, by_rows) {
    const [{ time, rows }, before] = [this, `${this.time} ${this.rows}`];
    if (time) this.time = within(time[0] + by_ms, time[1] - time[0], this.end_ms);
    if (rows) this.rows = within(rows[0] + by_rows, rows[1] - rows[0], this.requests);
    return before !== `${this.time} ${this.rows}`;
  }

  /** Move until this instant is visible. @param {number} at_ms */
  reveal(at_ms) {
    const [from_ms, to_ms] = this.span;
    this.move(Math.min(at_ms - from_ms, 0) + Math.max(at_ms - to_ms, 0), 0);
  }

  /** Show everything. */
  fit() {
    this.time = this.rows = null;
  }
}

/** The rows with a bar in a stretch, from the first to the last; null without any. @type {RowsWithin} */
export function rowsWithin(firings, [from_ms, to_ms]) {
  let [first, end] = [Number.POSITIVE_INFINITY, 0];
  for (const { state, stamps } of firings) {
    for (let request = 0; request < state.length; request++) {
      // A request in flight has no `done`.
      if (!state[request] || stamps.due[request] >= to_ms || stamps.done[request] <= from_ms)
        continue;
      first = Math.min(first, request);
      end = Math.max(end, request + 1);
    }
  }
  return end ? [first, end] : null;
}
