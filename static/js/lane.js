/** One lane's figure: caption, axis, bars, theory's line. */

import { drawGrid } from './grid.js';
import { ZOOMED } from './rows.js';
import { colour, shades } from './theme.js';
import { Waterfall } from './waterfall.js';
import { count, duration } from './words.js';

/** @import { Feed, LaneData } from './feed.js' */
/** @import { Firing } from './columns.js' */
/** @import { Paints } from './waterfall.js' */

const AXIS_HEIGHT = 24; // CSS pixels below the bars
const HEAD_HEIGHT = 18; // and above them, for theory's name

export class Lane {
  /**
   * @param {number} position
   * @param {LaneData} data
   * @param {HTMLElement} figure
   */
  constructor(position, data, figure) {
    this.position = position;
    this.data = data;
    this.figure = figure;
    this.plot = part(figure, '[data-plot]');
    this.scroller = part(figure, '[data-scroller]');
    this.spacer = part(figure, '[data-spacer]');
    this.theory = part(figure, '[data-theory]');
    this.theoryName = part(figure, '[data-theory-name]');
    this.summary = part(figure, '[data-summary]');
    this.grid = /** @type {HTMLCanvasElement} */ (part(figure, '[data-grid]'));
    this.waterfall = new Waterfall(/** @type {HTMLCanvasElement} */ (part(figure, '[data-bars]')));
    this.paints = /** @type {Paints} */ ({});
    this.gridKey = '';
    this.recolour();
    /** What is on the canvas, for tests and for the caption. */
    this.model = {
      lane: position,
      name: data.name,
      round: 0,
      begun: 0,
      finished: 0,
      failed: 0,
      faint: false,
      axisEnd_ms: 0,
      now_ms: 0,
    };
  }

  /** The scheme changed. */
  recolour() {
    this.paints = { ...shades(this.data.family), error: colour('--error') };
    this.gridKey = '';
    this.waterfall.forget();
  }

  get #barsHeight() {
    return this.plot.clientHeight - AXIS_HEIGHT - HEAD_HEIGHT;
  }

  /** @param {number} ratio */
  resize(ratio) {
    const { clientWidth, clientHeight } = this.plot;
    if (!clientWidth) return; // another lane is in front on a narrow screen
    this.waterfall.resize(clientWidth, this.#barsHeight, ratio);
    this.grid.width = Math.round(clientWidth * ratio);
    this.grid.height = Math.round((clientHeight - HEAD_HEIGHT) * ratio);
    this.gridKey = '';
    this.ratio = ratio;
  }

  /**
   * @param {Feed} feed
   * @param {{round: number, axisEnd_ms: number, theory_ms: number, zoomed: boolean, browser_ms: number}} view
   */
  draw(feed, { round, axisEnd_ms, theory_ms, zoomed, browser_ms }) {
    const [shown, firing] = this.#shown(feed, round);
    const faint = shown !== round;
    const now_ms = feed.now(this.position, shown, browser_ms);
    const { requests } = feed.run;
    const scrolled = zoomed ? this.scroller.scrollTop : 0;
    this.#axis(axisEnd_ms, theory_ms);
    this.waterfall.draw(
      firing,
      `${shown}`,
      { axisEnd_ms, requests, faint, now_ms, zoomed, scrolled },
      this.paints,
    );
    const { begun = 0, finished = 0, failed = 0 } = firing ?? {};
    Object.assign(this.model, { round: shown, begun, finished, failed, faint, axisEnd_ms, now_ms });
  }

  /**
   * The round in front; before it began here, what was fired last stays, faintly.
   * @param {Feed} feed
   * @param {number} round
   * @returns {[number, Firing | undefined]}
   */
  #shown(feed, round) {
    for (let one = round; one >= 0; one--) {
      const firing = feed.columns.firing(this.position, one);
      if (firing) return [one, firing];
    }
    return [round, undefined];
  }

  /**
   * @param {number} axisEnd_ms
   * @param {number} theory_ms
   */
  #axis(axisEnd_ms, theory_ms) {
    const key = `${axisEnd_ms} ${theory_ms}`;
    if (key === this.gridKey || !this.ratio) return;
    this.gridKey = key;
    drawGrid(this.grid, this.#barsHeight, axisEnd_ms, this.ratio);
    this.theory.hidden = !(theory_ms > 0);
    this.theory.style.left = `${(100 * theory_ms) / axisEnd_ms}%`;
    this.theoryName.textContent = `theory ${duration(theory_ms)}`;
    this.theory.classList.toggle('leftwards', theory_ms > 0.6 * axisEnd_ms);
  }

  /**
   * So much to scroll that the last of these rows comes into sight; 0: all rows are.
   * @param {number} requests
   */
  makeRoom(requests) {
    const beyond = Math.max(0, ZOOMED * requests - this.#barsHeight);
    this.spacer.style.height = `${beyond}px`;
  }

  /** @param {number} requests */
  caption(requests) {
    const { round, begun, finished, failed, faint, now_ms } = this.model;
    const errors = failed ? `, ✕ ${count(failed)} failed` : '';
    const which = round === 0 ? 'warm-up' : `round ${round}`;
    const text = begun
      ? `${faint ? `${which}: ` : ''}${count(finished)} of ${count(round ? requests : begun)} done in ${duration(now_ms)}${errors}`
      : 'nothing fired yet';
    if (this.summary.textContent !== text) this.summary.textContent = text;
  }
}

/**
 * @param {HTMLElement} figure
 * @param {string} selector
 */
function part(figure, selector) {
  return /** @type {HTMLElement} */ (figure.querySelector(selector));
}
