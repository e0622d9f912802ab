/** Requests in flight and throughput over time, a line a lane, on one axis. */

import uPlot from '../uplot/uPlot.esm.js';
import { tickName } from './axis.js';
import { overTime } from './statistics.js';
import { colour } from './theme.js';

/** @import { Feed } from './feed.js' */

const POINTS = 121;
const BINS = 41; // of throughput: fewer, or it is noise
// Lanes of one family differ by the line's pattern.
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [4, 4], [1, 4]];

export class Lines {
  #charts = /** @type {uPlot[]} */ ([]);
  #end_ms = 1000;

  /**
   * @param {Feed} feed
   * @param {{inFlight: HTMLElement, throughput: HTMLElement}} places
   */
  constructor(feed, places) {
    this.feed = feed;
    this.places = places;
    /** What is drawn, for tests. */
    this.model = {
      inFlight: /** @type {unknown[]} */ ([]),
      throughput: /** @type {unknown[]} */ ([]),
    };
    this.rebuild();
  }

  /** Make both charts anew: at first, and when the scheme changed. */
  rebuild() {
    this.destroy();
    this.#charts = [this.places.inFlight, this.places.throughput].map(
      (place) => new uPlot(this.#options(place), this.#empty(), place),
    );
  }

  destroy() {
    for (const chart of this.#charts) chart.destroy();
    this.#charts = [];
  }

  resize() {
    for (const chart of this.#charts) {
      const place = chart.root.parentElement;
      if (place?.clientWidth)
        chart.setSize({ width: place.clientWidth, height: place.clientHeight });
    }
  }

  /**
   * @param {number} round
   * @param {number} axisEnd_ms
   * @param {number} browser_ms
   */
  draw(round, axisEnd_ms, browser_ms) {
    this.#end_ms = axisEnd_ms;
    const inFlight = this.#sampled(round, POINTS, browser_ms).map((lane) => lane?.inFlight ?? []);
    const throughput = this.#sampled(round, BINS, browser_ms).map((lane) => lane?.perSecond ?? []);
    this.model = { inFlight, throughput };
    this.#charts[0].setData([instants(axisEnd_ms, POINTS), ...inFlight]);
    this.#charts[1].setData([middles(axisEnd_ms, BINS), ...throughput]);
  }

  /**
   * @param {number} round
   * @param {number} points
   * @param {number} browser_ms
   */
  #sampled(round, points, browser_ms) {
    const { run, columns } = this.feed;
    return run.lanes.map((_, lane) => {
      const firing = columns.firing(lane, round);
      if (!firing) return null;
      const now_ms = this.feed.now(lane, round, browser_ms);
      // One instant more when it is over: the line comes down to 0.
      const known_ms = firing.finished < firing.begun ? now_ms : now_ms + this.#end_ms / points;
      return overTime(firing, this.#end_ms, points, known_ms);
    });
  }

  /** @returns {uPlot.AlignedData} */
  #empty() {
    return [[0, this.#end_ms], ...this.feed.run.lanes.map(() => [null, null])];
  }

  /**
   * @param {HTMLElement} place
   * @returns {uPlot.Options}
   */
  #options(place) {
    const axis = {
      stroke: colour('--muted'),
      grid: { stroke: colour('--grid'), width: 1 },
      ticks: { show: false },
      font: `12px ${getComputedStyle(place).fontFamily}`,
    };
    return {
      width: place.clientWidth || 300,
      height: place.clientHeight || 160,
      legend: { show: false },
      cursor: { sync: { key: 'over-time' }, points: { size: 6 }, drag: { x: false, y: false } },
      scales: {
        x: { time: false, range: () => [0, this.#end_ms] },
        y: { range: (_, __, highest) => [0, Math.max(1, highest * 1.1)] },
      },
      axes: [
        {
          ...axis,
          size: 28,
          values: (_, splits) => splits.map((ms) => tickName(ms, this.#end_ms)),
        },
        { ...axis, size: 52 },
      ],
      hooks: { draw: [(chart) => this.#letters(chart)] },
      series: [{}, ...this.feed.run.lanes.map((lane, i) => this.#series(lane, i))],
    };
  }

  /**
   * Each line carries its lane's letter, so that nobody looks it up.
   * @param {uPlot} chart
   */
  #letters(chart) {
    const { ctx: context } = chart;
    context.save();
    context.font = `bold ${12 * devicePixelRatio}px ${getComputedStyle(chart.root).fontFamily}`;
    context.textAlign = 'center';
    context.textBaseline = 'bottom';
    const size = 14 * devicePixelRatio;
    const placed = /** @type {[number, number][]} */ ([]);
    this.feed.run.lanes.forEach(({ letter, family }, lane) => {
      const at = lastHigh(chart.data[lane + 1]);
      if (at < 0) return;
      let x = chart.valToPos(chart.data[0][at], 'x', true) + size / 2;
      const y = chart.valToPos(Number(chart.data[lane + 1][at]), 'y', true);
      const close = (/** @type {[number, number]} */ [left, top]) =>
        Math.abs(x - left) < size && Math.abs(y - top) < size;
      while (placed.some(close)) x += size;
      placed.push([x, y]);
      context.fillStyle = familyColour(family);
      context.fillText(letter, x, y);
    });
    context.restore();
  }

  /**
   * @param {{name: string, family: string}} lane
   * @param {number} position
   * @returns {uPlot.Series}
   */
  #series({ name, family }, position) {
    return {
      label: name,
      stroke: familyColour(family),
      width: 2,
      dash: DASHES[position],
      points: { show: false },
    };
  }
}

/** @param {string} family */
function familyColour(family) {
  return colour(family === 'async' ? '--async' : '--sync');
}

/**
 * The last place where a line is nearly as high as it ever is; -1 where there is no line.
 * @param {ArrayLike<number | null | undefined>} values
 */
function lastHigh(values) {
  let highest = 0;
  for (let i = 0; i < values.length; i++) highest = Math.max(highest, Number(values[i] ?? 0));
  for (let i = values.length - 1; highest && i >= 0; i--) {
    if (Number(values[i] ?? 0) >= 0.6 * highest) return i;
  }
  return -1;
}

/**
 * @param {number} end_ms
 * @param {number} points
 */
function instants(end_ms, points) {
  return Array.from({ length: points }, (_, i) => (i * end_ms) / (points - 1));
}

/**
 * What was counted since the instant before stands in the middle between the two.
 * @param {number} end_ms
 * @param {number} points
 */
function middles(end_ms, points) {
  const half_ms = end_ms / (points - 1) / 2;
  return instants(end_ms, points).map((instant) => Math.max(0, instant - half_ms));
}
