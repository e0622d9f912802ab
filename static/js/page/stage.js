/** The stage of one run: which round is shown, the time axis of all lanes, what is redrawn when. */

import { axisEnd } from '../charts/axis.js';
import { Cursor } from '../charts/cursor.js';
import { listenToGestures } from '../charts/gestures.js';
import { Lane } from '../charts/lane.js';
import { minimapOn } from '../charts/minimap.js';
import { rowsWithin, Zoom } from '../charts/zoom.js';
import { playAgain, SPEED } from '../data/again.js';
import { Feed } from '../data/feed.js';
import { find, findAll, PHONE } from '../shared/dom.js';
import { panelIn } from './panel.js';

const ACTIVE = ['waiting', 'starting', 'running'];
const interval_ms = () => (PHONE.matches ? 500 : 250); // between updates of charts and captions

/** @type {StageOf} */
export function stageOf(run, root, wake) {
  const feed = new Feed(run);
  const figures = findAll('.waterfall', root);
  const lanes = run.lanes.map((lane, i) => new Lane(i, lane, figures[i], run.replay));
  const view = new Zoom(run.requests);
  let chosenRound = 0; // 0: the newest
  let last_ms = 0;
  let shown = '';
  let ratio = 1;
  let again = /** @type {Again | null} */ (null);

  /** One end for all rounds, so that they can be compared. */
  const longest = () => {
    let most_ms = 0;
    run.lanes.forEach(({ mark_s }, lane) => {
      most_ms = Math.max(most_ms, 1050 * (mark_s ?? 0));
      for (let round = stage.newest; round; round--) {
        most_ms = Math.max(most_ms, feed.now(lane, round));
      }
    });
    return axisEnd(most_ms || 1000);
  };

  /** Paint everything, marked while it is played again. */
  const showAgain = () => {
    for (const lane of lanes) lane.markReplay(again ? SPEED : run.replay);
    stage.resize();
  };

  /** Show a round that is played again as far as it is, and all of it at the end. */
  const stepAgain = () => {
    if (!again || (again.round === stage.round && again.step(performance.now()))) return;
    again = null;
    showAgain();
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
    panel: panelIn(root, feed),
    status: run.status,
    view,
    wheeled: false,
    behind: false,
    span: [0, 1000],
    selection: selectionOf(location.hash),
    redraw,

    get playing() {
      return Boolean(again);
    },

    playAgain() {
      const { round } = stage;
      again = again || stage.active ? null : playAgain(feed, round, performance.now());
      showAgain();
    },

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
      const { selection } = stage;
      if (by > 0 && selection) {
        const firings = lanes.flatMap(
          ({ position, model }) => feed.columns.firing(position, model.round) ?? [],
        );
        view.show(selection, rowsWithin(firings, selection));
        stage.select(null);
        stage.keepSelection();
      } else if (by) {
        view.by(2 ** by, cursor.at_ms ?? view.span[0], cursor.row ?? view.range[0]);
      } else view.fit();
      stage.viewed();
    },

    viewed() {
      root.classList.toggle('zoomed', view.active);
      find('button#fit', root).disabled = !view.active;
      redraw();
    },

    overlay() {
      const on = root.classList.toggle('overlaid');
      find('button#overlay-button', root).ariaPressed = String(on);
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

    draw() {
      const { round, selection } = stage;
      view.end_ms = longest();
      stage.span = view.span;
      const show = {
        round,
        span: stage.span,
        rows: view.rows,
        selection,
        active: stage.active,
      };
      stepAgain();
      for (const lane of lanes) lane.draw(again ?? feed, show);
      cursor.draw();
      stage.panel.count(show);
      // Charts and captions are costly and wait, except when a round begins.
      const begun = lanes.map(({ model }) => `${round} ${model.round} ${!model.begun}`).join();
      const now_ms = performance.now();
      stage.behind = begun === shown && now_ms - last_ms < interval_ms();
      if (stage.behind) return false;
      shown = begun;
      last_ms = now_ms;
      stage.panel.draw(show, ratio);
      minimap?.draw(round, ratio);
      for (const lane of lanes) lane.words(run.requests, stage.active, feed.loading);
      return true;
    },

    get cursor() {
      return cursor;
    },
  };
  const cursor = new Cursor(stage);
  const canvas = find('canvas#minimap', root);
  const minimap = canvas && minimapOn(canvas, stage);
  listenToGestures(stage);
  stage.resize();
  return stage;
}

/** From a hash such as #120-340. @param {string} hash @returns {Chosen} */
function selectionOf(hash) {
  const [, from, to] = hash.match(/^#(\d+)-(\d+)$/) ?? [];
  return to ? [+from, +to] : null;
}
