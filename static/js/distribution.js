/** How response times are distributed: in all (ECDF), and over time (heat map). */

import { Bins, span, Tally } from './bins.js';
import { drawAcross, drawLetters, drawUp, inside, timeMarks } from './plot.js';
import { within } from './selection.js';
import { percentile, times } from './statistics.js';
import { familyColour, mixed } from './theme.js';
import { count, duration } from './words.js';

/** @import { Canvas, Shown } from './panel.js' */
/** @import { Feed } from './feed.js' */
/** @import { Firing } from './columns.js' */
/** @import { Marks } from './plot.js' */
/** @import { Content } from './table.js' */

const RULES = [50, 95];
/** @param {number} percent @returns {[number, string]} */
const rule = (percent) => [percent / 100, `p${percent}`];
const FINE = 400; // bins of the ECDF: about a pixel each, and exact at their edges
const COLUMNS = 100;
const ROWS = 16;
const SHADES = 24;

/** @param {Bins} bins @returns {Marks} */
function latencyMarks({ low, edges }) {
  const high = edges[edges.length - 1];
  const steps = high / low > 1000 ? [1] : [1, 2, 5];
  const found = /** @type {Marks} */ ([]);
  for (let power = 10 ** Math.floor(Math.log10(low)); power <= high * 1.001; power *= 10) {
    for (const ms of steps.map((step) => step * power)) {
      if (ms < low * 0.999 || ms > high * 1.001) continue;
      const name = ms >= 1000 ? `${ms / 1000} s` : `${Number(ms.toPrecision(2))} ms`;
      found.push([Math.log(ms / low) / Math.log(high / low), name]);
    }
  }
  return found;
}

export class Ecdf {
  #tallies = /** @type {Tally[]} */ ([]);
  #counts = /** @type {Uint32Array[]} */ ([]);
  #firings = /** @type {Firing[][]} */ ([]);
  #bins = new Bins(1, 1000, FINE);

  /** @param {Feed} feed */
  constructor(feed) {
    this.feed = feed;
    this.selection = /** @type {Shown['selection']} */ (null);
    /** A lane's share of requests at or below each edge. */
    this.model = { edges: this.#bins.edges, shares: /** @type {Float64Array[]} */ ([]) };
  }

  /** @param {Shown} shown */
  update({ selection }) {
    this.selection = selection;
    this.#firings = this.feed.run.lanes.map((_, lane) => this.feed.columns.counted(lane));
    const [low, high] = span(this.#firings.flat());
    const { edges } = this.#bins;
    if (this.#bins.low !== low || edges[FINE - 1] !== high) this.#bins = new Bins(low, high, FINE);
    const shares = this.#firings.map((firings, lane) => {
      this.#tallies[lane] ??= new Tally();
      const key = `${low} ${high} ${selection} ${firings.length}`;
      const begin = () => {
        this.#counts[lane] = new Uint32Array(FINE);
      };
      this.#tallies[lane].take(key, firings, begin, (firing, request) => {
        if (firing.error[request] || !within(selection, firing, request)) return;
        const { due, done } = firing.stamps;
        this.#counts[lane][this.#bins.of(done[request] - due[request])]++;
      });
      return cumulated(this.#counts[lane]);
    });
    this.model = { edges: this.#bins.edges, shares };
  }

  /** @param {number} lane @param {number} percent the edge that so many are at or below */
  #at(lane, percent) {
    const bin = this.model.shares[lane].findIndex((share) => share >= percent / 100 - 1e-12);
    return bin < 0 ? Number.NaN : this.model.edges[bin];
  }

  get summary() {
    const parts = this.feed.run.lanes.map(({ letter }, lane) => {
      const [half, most] = [50, 95].map((percent) => duration(this.#at(lane, percent)));
      return `${letter} half within about ${half}, 95 % within ${most}`;
    });
    return this.model.shares.some((shares) => shares[FINE - 1]) ? parts.join(' · ') : 'nothing yet';
  }

  /** @param {Canvas} canvas */
  draw({ context, width, height }) {
    const box = inside(width, height);
    drawAcross(context, box, latencyMarks(this.#bins));
    drawUp(context, box, [[0, '0'], ...RULES.map(rule)]);
    const y = (/** @type {number} */ share) => box.top + box.height * (1 - share);
    const ends = this.feed.run.lanes.flatMap(({ letter, family }, lane) => {
      const shares = this.model.shares[lane];
      if (!shares[FINE - 1]) return [];
      const paint = familyColour(family);
      context.strokeStyle = paint;
      context.lineWidth = 2;
      context.setLineDash([[], [7, 4], [2, 3], [10, 3, 2, 3], [4, 4], [1, 4]][lane]);
      context.beginPath();
      context.moveTo(box.left, y(0));
      let middle = { x: 0, y: 0 };
      shares.forEach((share, bin) => {
        const x = box.left + (box.width * (bin + 1)) / FINE;
        if (!middle.x && share >= 0.5) middle = { x, y: y(0.5) };
        context.lineTo(x, y(share));
      });
      context.stroke();
      return [{ letter, paint, ...middle }];
    });
    drawLetters(context, ends);
  }

  read() {
    return '';
  }

  /** @returns {Content} exact, by nearest rank */
  table() {
    const sorted = this.#firings.map((firings) => times(firings, 'due', this.selection));
    return {
      caption: 'response times by percentile',
      heads: ['Percentile', ...this.feed.run.lanes.map(({ name }) => name)],
      rows: 100,
      cells: (row) => [`p${row + 1}`, ...sorted.map((one) => duration(percentile(one, row + 1)))],
    };
  }
}

/** @param {Uint32Array} counts @returns {Float64Array} */
export function cumulated(counts) {
  const total = counts.reduce((sum, one) => sum + one, 0);
  let below = 0;
  return Float64Array.from(counts, (one) => {
    below += one;
    return total && below / total;
  });
}

export class Heat {
  #tallies = /** @type {Tally[]} */ ([]);
  #bins = new Bins(1, 1000, ROWS);
  #end_ms = 1;

  /** @param {Feed} feed */
  constructor(feed) {
    this.feed = feed;
    /** A lane's counts, row by row of latency, each row over time. @type {Uint32Array[]} */
    this.model = [];
  }

  /** @param {Shown} shown */
  update({ round, end_ms }) {
    this.#end_ms = end_ms;
    const { lanes } = this.feed.run;
    const firings = lanes.map((_, lane) => this.feed.columns.firing(lane, round));
    const [low, high] = span(firings.filter((one) => one !== undefined));
    const { edges } = this.#bins;
    if (this.#bins.low !== low || edges[ROWS - 1] !== high) this.#bins = new Bins(low, high, ROWS);
    firings.forEach((firing, lane) => {
      this.#tallies[lane] ??= new Tally();
      const begin = () => {
        this.model[lane] = new Uint32Array(ROWS * COLUMNS);
      };
      const key = `${round} ${end_ms} ${low} ${high} ${Boolean(firing)}`;
      this.#tallies[lane].take(key, firing ? [firing] : [], begin, (one, request) => {
        if (one.error[request]) return;
        const { due, done } = one.stamps;
        const column = Math.min(Math.floor((done[request] / end_ms) * COLUMNS), COLUMNS - 1);
        this.model[lane][this.#bins.of(done[request] - due[request]) * COLUMNS + column]++;
      });
    });
  }

  get most() {
    return Math.max(1, ...this.model.map((counts) => counts.reduce((a, b) => Math.max(a, b), 0)));
  }

  get summary() {
    return `when requests were done, and after how long; the strongest cell holds ${count(this.most)}`;
  }

  /** @param {Canvas} canvas */
  draw({ context, width, height }) {
    const box = inside(width, height);
    const { lanes } = this.feed.run;
    const high = box.height / lanes.length;
    const ratio = context.getTransform().a;
    const snap = (/** @type {number} */ at) => Math.round(at * ratio) / ratio;
    const scale = Math.log1p(this.most);
    drawAcross(context, box, timeMarks(this.#end_ms, box.width));
    const marks = latencyMarks(this.#bins);
    const [first, last] = [marks[0], marks[marks.length - 1]];
    lanes.forEach(({ letter, family }, lane) => {
      const top = box.top + lane * high + 8;
      const inner = { ...box, top, height: high - 16 };
      drawUp(
        context,
        inner,
        high > 60 ? marks.filter((_, i) => i % Math.ceil(marks.length / 4) === 0) : [first, last],
      );
      const shades = Array.from({ length: SHADES }, (_, i) =>
        mixed(family, 0.2 + (0.8 * i) / (SHADES - 1)),
      );
      this.model[lane].forEach((n, cell) => {
        if (!n) return;
        const [row, column] = [Math.floor(cell / COLUMNS), cell % COLUMNS];
        const left = snap(box.left + (column * box.width) / COLUMNS);
        const above = snap(top + inner.height * (1 - (row + 1) / ROWS));
        context.fillStyle = shades[Math.round((Math.log1p(n) / scale) * (SHADES - 1))];
        const right = snap(box.left + ((column + 1) * box.width) / COLUMNS);
        context.fillRect(
          left,
          above,
          right - left,
          snap(top + inner.height * (1 - row / ROWS)) - above,
        );
      });
      context.fillStyle = familyColour(family);
      context.textAlign = 'left';
      context.fillText(letter, box.left + box.width + 6, top + inner.height / 2);
    });
  }

  /** @param {number} lane @param {number} at_ms */
  read(lane, at_ms) {
    const column = Math.min(Math.floor((at_ms / this.#end_ms) * COLUMNS), COLUMNS - 1);
    let done = 0;
    for (let row = 0; row < ROWS; row++) done += this.model[lane]?.[row * COLUMNS + column] ?? 0;
    return done ? `${count(done)} done here` : '';
  }

  /** @returns {Content} */
  table() {
    const full = this.model.flatMap((counts, lane) =>
      [...counts.keys()].filter((cell) => counts[cell]).map((cell) => [lane, cell]),
    );
    const { edges } = this.#bins;
    return {
      caption: 'requests done by time and latency',
      heads: ['Lane', 'Time from', 'Latency up to', 'Requests'],
      rows: full.length,
      cells: (row) => {
        const [lane, cell] = full[row];
        return [
          this.feed.run.lanes[lane].name,
          duration(((cell % COLUMNS) * this.#end_ms) / COLUMNS),
          duration(edges[Math.floor(cell / COLUMNS)]),
          count(this.model[lane][cell]),
        ];
      },
    };
  }
}
