/** One lane's figure: caption, axis, bars, theory's line. */

import { drawAcross, prepare, timeMarks } from './plot.js';
import { requestsTable } from './requests.js';
import { ZOOMED } from './rows.js';
import { Table } from './table.js';
import { colour, shades } from './theme.js';
import { Waterfall } from './waterfall.js';
import { count, duration } from './words.js';

/** @import { Feed, LaneData } from './feed.js' */
/** @import { Firing } from './columns.js' */
/** @import { Paints } from './waterfall.js' */

const AXIS_HEIGHT = 24; // CSS pixels below the bars
const HEAD_HEIGHT = 18; // and above them, for theory's name

export class Lane {
  #gridEnd_ms = 0; // of the axis that is drawn; 0: none is

  /** @param {number} position @param {LaneData} data @param {HTMLElement} figure */
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
    this.table = new Table(part(figure, '.as-table'));
    this.paints = /** @type {Paints} */ ({});
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
    this.#gridEnd_ms = 0;
    this.waterfall.forget();
  }

  get #barsHeight() {
    return this.plot.clientHeight - AXIS_HEIGHT - HEAD_HEIGHT;
  }

  /** @param {number} ratio */
  resize(ratio) {
    const { clientWidth } = this.plot;
    if (!clientWidth) return; // another lane is in front on a narrow screen
    this.waterfall.resize(clientWidth, this.#barsHeight, ratio);
    this.#gridEnd_ms = 0;
    this.ratio = ratio;
  }

  /**
   * @param {Feed} feed
   * @param {{round: number, axisEnd_ms: number, zoomed: boolean, browser_ms: number}} view
   */
  draw(feed, { round, axisEnd_ms, zoomed, browser_ms }) {
    const [shown, firing] = this.#shown(feed, round);
    const faint = shown !== round;
    const now_ms = feed.now(this.position, shown, browser_ms);
    const { requests } = feed.run;
    const scrolled = zoomed ? this.scroller.scrollTop : 0;
    this.#axis(axisEnd_ms);
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

  /** @param {number} axisEnd_ms */
  #axis(axisEnd_ms) {
    if (axisEnd_ms === this.#gridEnd_ms || !this.ratio) return;
    this.#gridEnd_ms = axisEnd_ms;
    const { clientWidth: width, clientHeight } = this.plot;
    const context = prepare(this.grid, width, clientHeight - HEAD_HEIGHT, this.ratio);
    const box = { left: 0, top: 0, width, height: this.#barsHeight };
    drawAcross(context, box, timeMarks(axisEnd_ms, width));
    const at = (1000 * (this.data.mark_s ?? 0)) / axisEnd_ms;
    this.theory.hidden = !at;
    this.theory.style.left = `${100 * at}%`;
    this.theoryName.textContent = this.data.mark;
    this.theory.classList.toggle('leftwards', at > 0.6);
  }

  /**
   * So much to scroll that the last of these rows comes into sight; 0: all rows are.
   * @param {number} requests
   */
  makeRoom(requests) {
    const beyond = Math.max(0, ZOOMED * requests - this.#barsHeight);
    this.spacer.style.height = `${beyond}px`;
  }

  /** @param {Feed} feed */
  words({ columns, run: { requests } }) {
    const shown = columns.firing(this.position, this.model.round);
    this.table.draw(`${this.model.round} ${shown?.version}`, () =>
      requestsTable(this.data.name, this.model.round, shown),
    );
    const { round, begun, finished, failed, faint, now_ms } = this.model;
    const errors = failed ? `, ✕ ${count(failed)} failed` : '';
    const which = round === 0 ? 'warm-up' : `round ${round}`;
    const text = begun
      ? `${faint ? `${which}: ` : ''}${count(finished)} of ${count(round ? requests : begun)} done in ${duration(now_ms)}${errors}`
      : 'nothing fired yet';
    if (this.summary.textContent !== text) this.summary.textContent = text;
  }
}

/** @param {HTMLElement} figure @param {string} selector */
function part(figure, selector) {
  return /** @type {HTMLElement} */ (figure.querySelector(selector));
}
