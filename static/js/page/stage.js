/** The stage of one run: which round is shown, the time axis of all lanes, what is redrawn when. */

import { axisEnd } from '../charts/axis.js';
import { Cursor } from '../charts/cursor.js';
import { Lane } from '../charts/lane.js';
import { Feed } from '../data/feed.js';
import { find, findAll, PHONE } from '../shared/dom.js';
import { panelIn } from './panel.js';

const ACTIVE = ['waiting', 'starting', 'running'];
const interval_ms = () => (PHONE.matches ? 500 : 250); // between updates of charts and captions

/** @type {StageOf} */
export function stageOf(run, root, wake) {
  const feed = new Feed(run);
  const figures = findAll('.waterfall', root);
  const lanes = run.lanes.map((lane, i) => new Lane(i, lane, figures[i]));
  let chosenRound = 0; // 0: the newest
  let last_ms = 0;
  let shown = '';
  let stretch = /** @type {Chosen} */ (null); // of the time axis, if zoomed
  let end_ms = 1000;
  let ratio = 1;

  /** One end for all rounds, so that they can be compared. @param {number} browser_ms */
  const longest = (browser_ms) => {
    let most_ms = 0;
    run.lanes.forEach(({ mark_s }, lane) => {
      most_ms = Math.max(most_ms, 1050 * (mark_s ?? 0));
      for (let round = stage.newest; round; round--) {
        most_ms = Math.max(most_ms, feed.now(lane, round, browser_ms));
      }
    });
    return axisEnd(most_ms || 1000);
  };

  /** Draw everything again. */
  const redraw = () => {
    last_ms = 0;
    wake();
  };

  /** @type {Stage} */
  const stage = {
    run,
    root,
    wake,
    feed,
    lanes,
    panel: panelIn(find('#panel', root), feed),
    status: run.status,
    zoomed: false,
    behind: false,
    span: [0, 1000],
    selection: selectionOf(location.hash),
    redraw,

    get active() {
      return ACTIVE.includes(stage.status);
    },

    get round() {
      return chosenRound || stage.newest;
    },

    get newest() {
      return Math.max(1, feed.columns.newestRound);
    },

    turn(by) {
      const round = Math.min(Math.max(stage.round + by, 1), stage.newest);
      chosenRound = round === stage.newest ? 0 : round;
      redraw();
    },

    zoom(by) {
      const [from_ms, to_ms] = stage.span;
      if (by > 0 && (stage.selection || stage.zoomed)) {
        const middle_ms = cursor.at_ms ?? (from_ms + to_ms) / 2;
        const [from, to] = stage.selection ?? around(middle_ms, (to_ms - from_ms) / 2);
        stretch = [Math.max(from, 0), Math.max(to, from + 1)];
        stage.select(null);
      } else if (by < 0 && stretch) {
        const [from, to] = around((from_ms + to_ms) / 2, 2 * (to_ms - from_ms));
        stretch = to - from < end_ms ? [Math.max(from, 0), to] : null;
      } else {
        stage.zoomed = by > 0;
        if (!by) stretch = null;
      }
      root.classList.toggle('zoomed', stage.zoomed);
      const pressed = stage.zoomed || Boolean(stretch);
      const button = find('button#zoom', root);
      button.ariaPressed = String(pressed);
      button.dataset.key = pressed ? '0' : '+';
      for (const lane of lanes) lane.makeRoom(stage.zoomed ? run.requests : 0);
      redraw();
    },

    resize() {
      ratio = Math.min(devicePixelRatio, PHONE.matches ? 2 : 3);
      for (const lane of lanes) lane.resize(ratio);
      redraw();
    },

    select(selection) {
      if (!selection && !stage.selection) return;
      stage.selection = selection;
      wake();
    },

    keepSelection() {
      redraw();
      const hash = stage.selection ? `#${stage.selection.map(Math.round).join('-')}` : '';
      if (hash === location.hash) return;
      history.replaceState(history.state, '', location.pathname + location.search + hash);
    },

    draw(browser_ms) {
      const { round, selection } = stage;
      end_ms = longest(browser_ms);
      stage.span = stretch ?? [0, end_ms];
      const show = { round, span: stage.span, browser_ms, selection };
      cursor.draw();
      for (const lane of lanes) lane.draw(feed, show, stage.zoomed);
      stage.panel.count(show);
      // Charts and captions are costly and wait, except when a round begins.
      const begun = lanes.map(({ model }) => `${round} ${model.round} ${!model.begun}`).join();
      const now_ms = performance.now();
      const waits = begun === shown && now_ms - last_ms < interval_ms();
      stage.behind = waits || lanes.some(({ model }) => model.finished < model.begun);
      if (waits) return false;
      shown = begun;
      last_ms = now_ms;
      stage.panel.draw(show, ratio);
      for (const lane of lanes) lane.words(run.requests, stage.active);
      return true;
    },

    get cursor() {
      return cursor;
    },
  };
  const cursor = new Cursor(stage);
  feed.over = !stage.active;
  stage.resize();
  return stage;
}

/** @type {Around} */
const around = (middle_ms, length_ms) => [middle_ms - length_ms / 2, middle_ms + length_ms / 2];

/** From a hash such as #120-340. @param {string} hash @returns {Chosen} */
function selectionOf(hash) {
  const [, from, to] = hash.match(/^#(\d+)-(\d+)$/) ?? [];
  return to ? [+from, +to] : null;
}
