/** The picture of one run: which round is in front, one axis for all lanes, what is redrawn when. */

import { axisEnd } from './axis.js';
import { Cursor } from './cursor.js';
import { Feed } from './feed.js';
import { Kpi } from './kpi.js';
import { Lane } from './lane.js';
import { Panel, PHONE } from './panel.js';

/** @import { RunData } from './feed.js' */
/** @import { Selection } from './selection.js' */

const slowly_ms = () => (PHONE.matches ? 500 : 250); // charts, table and captions: at most so often

export class Stage {
  #chosenRound = 0; // 0: follow the current one
  #slowly_ms = 0;
  #shown = '';
  #drawn = '';
  #changes = 0; // of size, scheme, or what is shown

  /**
   * @param {RunData} run
   * @param {HTMLElement} root
   * @param {() => void} wake to be called when something is to be drawn
   */
  constructor(run, root, wake) {
    this.run = run;
    this.root = root;
    this.feed = new Feed(run);
    this.kpi = new Kpi(this.feed);
    this.active = ['waiting', 'starting', 'running'].includes(run.status);
    this.feed.over = !this.active;
    const figures = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll('.waterfall'));
    this.lanes = run.lanes.map((lane, i) => new Lane(i, lane, figures[i]));
    this.zoomed = false;
    this.ratio = 1;
    this.end_ms = 1000;
    this.wake = wake;
    this.selection = /** @type {Selection} */ (null);
    this.panel = new Panel(find(root, '#panel'), this.feed, () => {
      this.swapped();
      wake();
    });
    this.cursor = new Cursor(this, wake);
    this.resize();
  }

  /** The round in front. */
  get round() {
    return this.#chosenRound || Math.max(1, this.feed.columns.newestRound);
  }

  /** ‹ and ›. Whoever goes to the newest round follows again. @param {number} by */
  turn(by) {
    const newest = Math.max(1, this.feed.columns.newestRound);
    const round = Math.min(Math.max(this.round + by, 1), newest);
    this.#chosenRound = round === newest ? 0 : round;
    this.#slowly_ms = 0;
    this.#changes++;
  }

  /** @param {boolean} zoomed two pixels a row, and scrolling, instead of all rows in sight */
  zoom(zoomed) {
    this.zoomed = zoomed;
    this.root.classList.toggle('zoomed', zoomed);
    find(this.root, '#zoom').setAttribute('aria-pressed', String(zoomed));
    this.#changes++;
    for (const lane of this.lanes) lane.makeRoom(zoomed ? this.run.requests : 0);
  }

  /** Lanes and lines fit their places. */
  resize() {
    const ratio = Math.min(devicePixelRatio, PHONE.matches ? 2 : 3);
    this.ratio = ratio;
    for (const lane of this.lanes) lane.resize(ratio);
    this.#slowly_ms = 0;
    this.#changes++;
  }

  /** Light or dark: everything anew. */
  recolour() {
    for (const lane of this.lanes) lane.recolour();
    this.#slowly_ms = 0;
    this.#changes++;
  }

  /** The server's numbers replaced the table, or the run goes on in it. */
  swapped() {
    this.kpi.forget();
    this.#slowly_ms = 0;
    this.#changes++;
  }

  /** @param {Selection} selection filters the panel's numbers and the table's */
  select(selection) {
    if (!selection && !this.selection) return;
    this.selection = selection;
    this.swapped();
    this.wake();
  }

  /** @param {number} browser_ms the time, or when the connection was last heard */
  draw(browser_ms) {
    const { round } = this;
    const end_ms = this.#axisEnd(round, browser_ms);
    this.end_ms = end_ms;
    this.cursor.draw();
    this.lanes.forEach((lane) => {
      lane.draw(this.feed, {
        round,
        axisEnd_ms: end_ms,
        zoomed: this.zoomed,
        browser_ms,
      });
    });
    // Lines and tables are dear: not again while nothing came and nothing grows.
    const state = this.#state(round, end_ms);
    if (state === this.#drawn && !this.growing) return;
    // A round that begins is said at once.
    const shown = [
      round,
      ...this.lanes.map(({ model }) => `${model.round} ${!model.begun}`),
    ].join();
    if (shown !== this.#shown || performance.now() - this.#slowly_ms >= slowly_ms()) {
      this.#shown = shown;
      this.#slowly_ms = performance.now();
      this.#drawn = state;
      this.#drawSlowly(round, end_ms, browser_ms);
    }
  }

  /** Whether lines and tables are behind what has arrived. */
  get behind() {
    return this.growing || this.#state(this.round, this.lanes[0]?.model.axisEnd_ms) !== this.#drawn;
  }

  /** @param {number} round @param {number} end_ms */
  #state(round, end_ms) {
    const versions = this.lanes.map((_, lane) =>
      this.feed.columns.counted(lane).map((firing) => firing.version),
    );
    const shown = this.lanes.map(({ model }) => `${model.round} ${model.finished}`);
    return [this.#changes, round, end_ms, versions, shown].join();
  }

  /** @param {number} round @param {number} end_ms @param {number} browser_ms */
  #drawSlowly(round, end_ms, browser_ms) {
    const { selection } = this;
    this.panel.draw({ round, end_ms, browser_ms, selection }, this.ratio);
    const result = /** @type {HTMLElement | null} */ (this.root.querySelector('#result'));
    if (result) this.kpi.draw(result, browser_ms, this.active, selection);
    for (const lane of this.lanes) lane.words(this.feed);
  }

  /**
   * One end for all lanes and rounds, so that rounds can be compared by turning pages.
   * @param {number} round
   * @param {number} browser_ms
   */
  #axisEnd(round, browser_ms) {
    let longest_ms = 0;
    for (const [lane, { mark_s }] of this.run.lanes.entries()) {
      longest_ms = Math.max(longest_ms, 1050 * (mark_s ?? 0));
      for (let one = 1; one <= Math.max(round, this.feed.columns.newestRound); one++) {
        longest_ms = Math.max(longest_ms, this.feed.now(lane, one, browser_ms));
      }
    }
    return axisEnd(longest_ms || 1000);
  }

  /** Whether a bar still grows. */
  get growing() {
    return this.lanes.some(({ model }) => model.finished < model.begun);
  }
}

/** @param {Element} root @param {string} selector */
function find(root, selector) {
  return /** @type {HTMLElement} */ (root.querySelector(selector));
}
