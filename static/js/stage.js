/** The picture of one run: which round is in front, one axis for all lanes, what is redrawn when. */

import { axisEnd } from './axis.js';
import { Feed } from './feed.js';
import { Kpi } from './kpi.js';
import { Lane } from './lane.js';
import { Lines } from './lines.js';
import { SamplesTable } from './samples-table.js';
import { theory_ms } from './theory.js';

/** @import { RunData } from './feed.js' */

const SLOWLY_MS = 250; // lines, table and captions: at most so often
const PHONE = matchMedia('(max-width: 700px)');

export class Stage {
  #chosenRound = 0; // 0: follow the current one
  #slowly_ms = 0;
  #shown = '';
  #drawn = '';
  #changes = 0; // of size, scheme, or what is shown

  /**
   * @param {RunData} run
   * @param {HTMLElement} root
   */
  constructor(run, root) {
    this.run = run;
    this.root = root;
    this.feed = new Feed(run);
    this.kpi = new Kpi(this.feed);
    this.active = ['waiting', 'starting', 'running'].includes(run.status);
    this.feed.over = !this.active;
    const figures = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll('.waterfall'));
    this.lanes = run.lanes.map((lane, i) => new Lane(i, lane, figures[i]));
    this.tables = this.lanes.map(
      (lane) => new SamplesTable(find(lane.figure, '.as-table'), lane.data.name),
    );
    this.theory_ms = run.lanes.map((lane) => theory_ms(run, lane));
    this.zoomed = false;
    this.lines = new Lines(this.feed, {
      inFlight: find(root, '#in-flight'),
      throughput: find(root, '#throughput'),
    });
    this.resize();
  }

  /** The round in front. */
  get round() {
    return this.#chosenRound || Math.max(1, this.feed.columns.newestRound);
  }

  /**
   * ‹ and ›. Whoever goes to the newest round follows again.
   * @param {number} by
   */
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
    for (const lane of this.lanes) lane.resize(ratio);
    this.lines.resize();
    this.#slowly_ms = 0;
    this.#changes++;
  }

  /** Light or dark: everything anew. */
  recolour() {
    for (const lane of this.lanes) lane.recolour();
    this.lines.rebuild();
    this.#slowly_ms = 0;
    this.#changes++;
  }

  /** The server's numbers replaced the table, or the run goes on in it. */
  swapped() {
    this.kpi.forget();
    this.#slowly_ms = 0;
    this.#changes++;
  }

  /** @param {number} browser_ms the time, or when the connection was last heard */
  draw(browser_ms) {
    const { round } = this;
    const end_ms = this.#axisEnd(round, browser_ms);
    this.lanes.forEach((lane, i) => {
      lane.draw(this.feed, {
        round,
        axisEnd_ms: end_ms,
        theory_ms: this.theory_ms[i],
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
    if (shown !== this.#shown || performance.now() - this.#slowly_ms >= SLOWLY_MS) {
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

  /**
   * @param {number} round
   * @param {number} end_ms
   */
  #state(round, end_ms) {
    const versions = this.lanes.map((_, lane) =>
      this.feed.columns.counted(lane).map((firing) => firing.version),
    );
    const shown = this.lanes.map(({ model }) => `${model.round} ${model.finished}`);
    return [this.#changes, round, end_ms, versions, shown].join();
  }

  /**
   * @param {number} round
   * @param {number} end_ms
   * @param {number} browser_ms
   */
  #drawSlowly(round, end_ms, browser_ms) {
    this.lines.draw(round, end_ms, browser_ms);
    if (this.active) this.kpi.draw(find(this.root, '#result'), browser_ms);
    this.lanes.forEach((lane, i) => {
      lane.caption(this.run.requests);
      this.tables[i].draw(this.feed.columns.firing(i, lane.model.round), lane.model.round);
    });
  }

  /**
   * One end for all lanes and rounds, so that rounds can be compared by turning pages.
   * @param {number} round
   * @param {number} browser_ms
   */
  #axisEnd(round, browser_ms) {
    let longest_ms = 0;
    for (const [lane] of this.lanes.entries()) {
      if (this.theory_ms[lane] > 0) longest_ms = Math.max(longest_ms, 1.05 * this.theory_ms[lane]);
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

  destroy() {
    this.lines.destroy();
  }
}

/**
 * @param {Element} root
 * @param {string} selector
 */
function find(root, selector) {
  return /** @type {HTMLElement} */ (root.querySelector(selector));
}
