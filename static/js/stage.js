/** The picture of one run: which round is in front, one axis for all lanes, what is redrawn when. */

import { axisEnd } from './axis.js';
import { cursorOf } from './cursor.js';
import { find, findAll, PHONE } from './dom.js';
import { Feed } from './feed.js';
import { Kpi } from './kpi.js';
import { Lane } from './lane.js';
import { Panel } from './panel.js';

const slowly_ms = () => (PHONE.matches ? 500 : 250); // charts, table and captions: at most so often

export class Stage {
  #chosenRound = 0; // 0: follow the current one
  #slowly_ms = 0;
  #shown = '';
  #drawn = '';
  #changes = 0; // of size, scheme, or what is shown
  #zoomed = /** @type {Chosen} */ (null); // of the time axis
  /** Two pixels a row, and scrolling, instead of all rows in sight. */
  zoomed = false;
  ratio = 1;
  span = /** @type {Span} */ ([0, 1000]);
  /** Filters what is counted. */
  selection = selectionOf(location.hash);

  /** @param {RunData} run @param {HTMLElement} root @param {() => void} wake something is to be drawn */
  constructor(run, root, wake) {
    this.run = run;
    this.root = root;
    this.wake = wake;
    this.feed = new Feed(run);
    this.kpi = new Kpi(this.feed);
    this.active = ['waiting', 'starting', 'running'].includes(run.status);
    this.feed.over = !this.active;
    const figures = findAll('.waterfall', root);
    this.lanes = run.lanes.map((lane, i) => new Lane(i, lane, figures[i]));
    this.panel = new Panel(find('#panel', root), this.feed, () => this.swapped());
    this.cursor = cursorOf(this);
    this.resize();
  }

  /** The round in front. */
  get round() {
    return this.#chosenRound || this.newest;
  }

  get newest() {
    return Math.max(1, this.feed.columns.newestRound);
  }

  /** ‹ and ›. Whoever goes to the newest round follows again. @param {number} by */
  turn(by) {
    const round = Math.min(Math.max(this.round + by, 1), this.newest);
    this.#chosenRound = round === this.newest ? 0 : round;
    this.swapped();
  }

  /**
   * In: to the selection, to two pixels a row, to half of the time about the cursor. Out: back.
   * @param {number} by 1, -1, or 0: all of it
   */
  zoom(by) {
    const [from_ms, to_ms] = this.span;
    if (by > 0 && (this.selection || this.zoomed)) {
      const middle_ms = this.cursor.at_ms ?? (from_ms + to_ms) / 2;
      const [from, to] = this.selection ?? around(middle_ms, (to_ms - from_ms) / 2);
      this.#zoomed = [Math.max(from, 0), Math.max(to, from + 1)];
      this.select(null);
    } else if (by < 0 && this.#zoomed) {
      const [from, to] = around((from_ms + to_ms) / 2, 2 * (to_ms - from_ms));
      this.#zoomed = to - from < this.#end_ms ? [Math.max(from, 0), to] : null;
    } else {
      this.zoomed = by > 0;
      if (!by) this.#zoomed = null;
    }
    this.root.classList.toggle('zoomed', this.zoomed);
    const button = find('#zoom', this.root);
    button.setAttribute('aria-pressed', String(this.zoomed || Boolean(this.#zoomed)));
    for (const lane of this.lanes) lane.makeRoom(this.zoomed ? this.run.requests : 0);
    this.swapped();
  }

  #end_ms = 1000;

  /** Lanes and lines fit their places. */
  resize() {
    this.ratio = Math.min(devicePixelRatio, PHONE.matches ? 2 : 3);
    for (const lane of this.lanes) lane.resize(this.ratio);
    this.swapped();
  }

  /** Light or dark: everything anew. */
  recolour() {
    for (const lane of this.lanes) lane.recolour();
    this.swapped();
  }

  /** Something else is shown, or at another place: all of it is drawn again. */
  swapped() {
    this.#slowly_ms = 0;
    this.#changes++;
    this.wake();
  }

  /** @param {Chosen} selection filters what is counted */
  select(selection) {
    if (!selection && !this.selection) return;
    this.selection = selection;
    this.#changes++;
    this.wake();
  }

  /** The address tells the selection on. */
  keepSelection() {
    const hash = this.selection ? `#${this.selection.map(Math.round).join('-')}` : '';
    if (hash === location.hash) return;
    history.replaceState(history.state, '', location.pathname + location.search + hash);
  }

  /** @param {number} browser_ms the time, or when the connection was last heard */
  draw(browser_ms) {
    const { round, selection } = this;
    this.#end_ms = this.#longest(round, browser_ms);
    this.span = this.#zoomed ?? [0, this.#end_ms];
    const shown = { round, span: this.span, browser_ms, selection };
    this.cursor.draw();
    for (const lane of this.lanes) lane.draw(this.feed, shown, this.zoomed);
    this.panel.count(shown);
    // Lines and tables are dear: not again while nothing came and nothing grows.
    const state = this.#state();
    if (state === this.#drawn && !this.growing) return;
    // A round that begins is said at once.
    const begun = [
      round,
      ...this.lanes.map(({ model }) => `${model.round} ${!model.begun}`),
    ].join();
    const now_ms = performance.now();
    if (begun === this.#shown && now_ms - this.#slowly_ms < slowly_ms()) return;
    this.#shown = begun;
    this.#slowly_ms = now_ms;
    this.#drawn = state;
    this.panel.draw(shown, this.ratio);
    const result = find('#result', this.root);
    if (result) this.kpi.draw(result, shown, this.active);
    for (const lane of this.lanes) lane.words(this.run.requests, selection);
  }

  /** Whether lines and tables are behind what has arrived. */
  get behind() {
    return this.growing || this.#state() !== this.#drawn;
  }

  /** Whether a bar still grows. */
  get growing() {
    return this.lanes.some(({ model }) => model.finished < model.begun);
  }

  #state() {
    const lanes = this.lanes.map(({ position, model }) => {
      const versions = this.feed.columns.counted(position).map(({ version }) => version);
      return `${model.round} ${model.finished} ${versions}`;
    });
    return [this.#changes, this.round, this.span, lanes].join();
  }

  /** One end for all lanes and rounds, so that rounds can be compared by turning pages. @type {Longest} */
  #longest(round, browser_ms) {
    const ends_ms = this.run.lanes.flatMap(({ mark_s }, lane) => {
      const rounds = Array.from({ length: Math.max(round, this.newest) }, (_, i) => i + 1);
      return [1050 * (mark_s ?? 0), ...rounds.map((one) => this.feed.now(lane, one, browser_ms))];
    });
    return axisEnd(Math.max(...ends_ms) || 1000);
  }
}

/** @type {Around} */
const around = (middle_ms, length_ms) => [middle_ms - length_ms / 2, middle_ms + length_ms / 2];

/** @type {SelectionOf} */
function selectionOf(hash) {
  const [, from, to] = hash.match(/^#(\d+)-(\d+)$/) ?? [];
  return to ? [+from, +to] : null;
}
