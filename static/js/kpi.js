/** The table while the run goes on: the same cells that the server fills at its end. */

import { median, percentile, responseTimes } from './statistics.js';
import { count, duration } from './words.js';

/** @import { Feed } from './feed.js' */
/** @import { Firing } from './columns.js' */

const ABOUT_THE_SAME = 1.05; // below it a first look says no factor
const LARGE = 50_000; // samples whose sorting is noticed

export class Kpi {
  #versions = /** @type {string[]} */ ([]);
  #drawn_ms = 0;

  /** @param {Feed} feed */
  constructor(feed) {
    this.feed = feed;
    /** What the medians say so far. */
    this.sentence = '';
  }

  /**
   * Bring the cells up to date; the panel is found anew each time, since HTMX swaps it.
   * @param {HTMLElement} panel
   * @param {number} browser_ms
   */
  draw(panel, browser_ms) {
    const { columns, run } = this.feed;
    const lanes = run.lanes.map((_, lane) => columns.counted(lane));
    const samples = lanes.flat().reduce((sum, one) => sum + one.finished, 0);
    if (samples > LARGE && browser_ms - this.#drawn_ms < 1000) return;
    this.#drawn_ms = browser_ms;
    const middles = lanes.map((firings) => this.#makespan_ms(firings));
    this.sentence = sentence(this.feed.run.lanes, middles);
    lanes.forEach((firings, lane) => {
      const row = /** @type {HTMLElement | null} */ (
        panel.querySelector(`tr[data-lane="${lane}"]`)
      );
      if (!row || !firings.length) return;
      this.#makespanCell(row, middles[lane], middles[0], lane, browser_ms);
      const version = firings.map((one) => one.version).join();
      if (this.#versions[lane] === version) return;
      this.#versions[lane] = version;
      this.#row(row, firings);
    });
  }

  /** The rows were replaced: fill them anew. */
  forget() {
    this.#versions = [];
  }

  /** @param {Firing[]} firings */
  #makespan_ms(firings) {
    const whole = firings.filter((one) => one.finished >= this.feed.run.requests && !one.failed);
    return median(whole.map((one) => one.lastDone_ms));
  }

  /**
   * @param {HTMLElement} row
   * @param {number} middle_ms
   * @param {number} baseline_ms
   * @param {number} lane
   * @param {number} browser_ms
   */
  #makespanCell(row, middle_ms, baseline_ms, lane, browser_ms) {
    const soFar = Number.isNaN(middle_ms);
    const running = this.feed.now(lane, 1, browser_ms);
    set(row, 'makespan', soFar ? `${duration(running)} …` : duration(middle_ms));
    const ratio = middle_ms / baseline_ms;
    set(row, 'ratio', Number.isNaN(ratio) ? '–' : `${ratio.toFixed(2)}×`);
  }

  /**
   * @param {HTMLElement} row
   * @param {Firing[]} firings
   */
  #row(row, firings) {
    const times = responseTimes(firings);
    const failed = firings.reduce((sum, one) => sum + one.failed, 0);
    set(row, 'requests', count(firings.reduce((sum, one) => sum + one.finished, 0)));
    set(row, 'p50', duration(percentile(times, 50)));
    set(row, 'p95', duration(percentile(times, 95)));
    set(row, 'errors', failed ? `✕ ${count(failed)}` : '0');
  }
}

/**
 * The same words as dashboard/web/present.py's, as soon as two lanes can be compared.
 * @param {{name: string}[]} lanes
 * @param {number[]} makespans_ms
 */
export function sentence(lanes, [baseline_ms, ...others_ms]) {
  const said = others_ms.map((middle_ms, i) => {
    const ratio = middle_ms / baseline_ms;
    if (!(ratio > 0)) return '';
    const factor = Math.max(ratio, 1 / ratio);
    if (factor < ABOUT_THE_SAME) return `${lanes[i + 1].name} finishes the burst about as soon`;
    const times = factor.toFixed(1);
    return `${lanes[i + 1].name} finishes the burst ${times} times ${ratio < 1 ? 'sooner' : 'later'}`;
  });
  const found = said.filter(Boolean);
  return found.length ? `So far, next to ${lanes[0].name}: ${found.join('; ')}.` : '';
}

/**
 * @param {HTMLElement} row
 * @param {string} name
 * @param {string} text
 */
function set(row, name, text) {
  const cell = row.querySelector(`[data-cell="${name}"]`);
  if (cell && cell.textContent !== text) cell.textContent = text;
}
