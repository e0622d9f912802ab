/** What is drawn as lines over time, a line a lane: counts of requests, and what each target bore. */

import { axisEnd, tickName, ticks } from './axis.js';
import { loadOverTime } from './load.js';
import { drawAcross, drawLetters, drawUp, inside, timeMarks } from './plot.js';
import { OverTime } from './statistics.js';
import { familyColour } from './theme.js';
import { count, duration } from './words.js';

/** @import { Canvas, Shown } from './panel.js' */
/** @import { Feed } from './feed.js' */
/** @import { Measure } from './load.js' */
/** @import { Content } from './table.js' */
/** @typedef {(number | null)[]} Values */

const POINTS = 121;
const BINS = 41; // of throughput: fewer, or it is noise
const TICKS = 4;
// Lanes of one family differ by the line's pattern.
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [4, 4], [1, 4]];

/** @type {Record<string, {word: string, say: (value: number) => string, health?: Measure, name?: typeof tickName}>} */
export const LINES = {
  inFlight: { word: 'in flight', say: count },
  throughput: { word: 'done', say: (value) => `${count(Math.round(value))}/s` },
  threads: { word: 'threads', say: count, health: 'threads' },
  inApp: { word: 'in the application', say: count, health: 'in_app' },
  inView: { word: 'in the view', say: count, health: 'in_view' },
  loopLag: { word: 'loop lag', say: duration, name: tickName, health: 'loop_lag' },
  cpu: { word: 'CPU', say: (percent) => `${percent.toFixed(0)} %`, health: 'cpu' },
  rss: { word: 'RSS', say: (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MB`, health: 'rss' },
};

export class Lines {
  #overTime = /** @type {OverTime[]} */ ([]);
  #end_ms = 1;

  /** @param {Feed} feed @param {string} name */
  constructor(feed, name) {
    this.feed = feed;
    this.name = name;
    this.spec = LINES[name];
    /** A lane's values from 0 to the axis's end. @type {Values[]} */
    this.model = [];
  }

  /** @param {Shown} shown */
  update({ round, end_ms, browser_ms }) {
    this.#end_ms = end_ms;
    const { health } = this.spec;
    this.model = this.feed.run.lanes.map((_, lane) => {
      const firing = this.feed.columns.firing(lane, round);
      if (!firing) return [];
      if (health) return loadOverTime(firing, health, end_ms, POINTS);
      const points = this.name === 'inFlight' ? POINTS : BINS;
      const now_ms = this.feed.now(lane, round, browser_ms);
      // One instant more when it is over: the line comes down to 0.
      const known_ms = firing.finished < firing.begun ? now_ms : now_ms + end_ms / points;
      this.#overTime[lane] ??= new OverTime();
      const { inFlight, perSecond } = this.#overTime[lane].at(firing, end_ms, points, known_ms);
      return this.name === 'inFlight' ? inFlight : perSecond;
    });
  }

  get highest() {
    return this.model.map((values) => Math.max(0, ...values.map(Number)));
  }

  get summary() {
    const parts = this.feed.run.lanes.map(
      ({ letter }, lane) => this.highest[lane] && `${letter} ${this.spec.say(this.highest[lane])}`,
    );
    return parts.some(Boolean) ? `at most ${parts.filter(Boolean).join(' · ')}` : 'nothing yet';
  }

  /** @param {number} lane @param {number} at_ms */
  read(lane, at_ms) {
    const values = this.model[lane] ?? [];
    const value = values[Math.round((at_ms / this.#end_ms) * (values.length - 1))];
    return value === null || value === undefined ? '' : `${this.spec.word} ${this.spec.say(value)}`;
  }

  /** @param {Canvas} canvas */
  draw({ context, width, height }) {
    const box = inside(width, height);
    const unit = this.name === 'rss' ? 2 ** 20 : 1;
    const end = axisEnd((1.05 * Math.max(...this.highest)) / unit);
    drawUp(
      context,
      box,
      ticks(end, TICKS).map((tick) => [
        tick / end,
        this.spec.name?.(tick, end) ?? this.spec.say(tick * unit),
      ]),
    );
    drawAcross(context, box, timeMarks(this.#end_ms, box.width));
    const ends = this.feed.run.lanes.flatMap(({ letter, family }, lane) => {
      const paint = familyColour(family);
      context.strokeStyle = paint;
      context.lineWidth = 2;
      context.setLineDash(DASHES[lane]);
      const points = this.#path(
        lane,
        (value) => box.top + box.height * (1 - value / (end * unit)),
        box,
      );
      context.beginPath();
      for (const [x, y] of points) context.lineTo(x, y);
      context.stroke();
      const last = points.at(-1);
      return last ? [{ letter, paint, x: last[0], y: last[1] }] : [];
    });
    drawLetters(context, ends);
  }

  /**
   * What was counted since the instant before stands in the middle between the two.
   * @param {number} lane
   * @param {(value: number) => number} y
   * @param {{left: number, width: number}} box
   */
  #path(lane, y, { left, width }) {
    const values = this.model[lane];
    const half = this.name === 'throughput' ? 0.5 : 0;
    const step = width / (values.length - 1);
    return values.flatMap((value, i) =>
      value === null ? [] : [[left + Math.max(0, i - half) * step, y(value)]],
    );
  }

  /** @returns {Content} */
  table() {
    const points = Math.max(...this.model.map(({ length }) => length));
    return {
      caption: `${this.spec.word} over time`,
      heads: ['Time', ...this.feed.run.lanes.map(({ name }) => name)],
      rows: points,
      cells: (row) => [
        duration((row * this.#end_ms) / (points - 1)),
        ...this.model.map((values) =>
          values[row] == null ? '–' : this.spec.say(Number(values[row])),
        ),
      ],
    };
  }
}
