/** The page: one websocket, at most one run on the stage, one redraw per animation frame. */

import { onThemeChange } from './charts/theme.js';
import { checkedRun, isOfRun } from './data/shapes.js';
import { Socket } from './data/socket.js';
import * as controls from './page/controls.js';
import { keepEdits } from './page/edits.js';
import { listenToFlames } from './page/flame.js';
import { reportPresses } from './page/presses.js';
import { refresh } from './page/refresh.js';
import { stageOf } from './page/stage.js';
import { LATE_MS, showConnection, statusOf } from './page/status.js';
import * as view from './page/view.js';
import { announce, find, findAll, PHONE } from './shared/dom.js';

const CALM = matchMedia('(prefers-reduced-motion: reduce)');
const CALM_MS = 500;
const REDRAW_MS = 30; // the page runs on the measured machine: not 60 times per second
const TICK_MS = 100;
const QUEUE_MS = 150; // a start is several changes of the queue, and its first bars come first

/** @type {Stage | null} */
let stage = null;
/** @type {Status | null} */
let status = null;
/** True if frames are this stage's: the last run's may still arrive. */
let watched = false;
let queueTimer = 0;
/** True if a replay is begun or stopped by a button that has the focus. */
let replayFocused = false;
let drawing = false;
let drawn_ms = 0;

const socket = new Socket({
  open: (again) => {
    watch();
    // Much may have changed while disconnected; a page that was just made is mostly up to date.
    if (again) notify('line');
    else socket.compareQueue(find('#queue')?.dataset.version);
  },
  event: handle,
  beat: (server_ms) => stage?.feed.lag.observe(server_ms, performance.now()),
  frame: (message) => {
    if (watched) stage?.feed.live(message);
    wake();
  },
  changed: () => {
    if (!socket.open) stage?.feed.disconnect();
    wake();
  },
});

/** @param {PageEvent} event */
function handle(event) {
  wake();
  if (event.event === 'line') queueChanged();
  if (!stage || event.run !== stage.run.id) return;
  const { feed, run } = stage;
  if (!isOfRun(event, run)) {
    feed.problem ||= `Damaged, so left out: ${event.event}.`;
    return;
  }
  if (event.event === 'watching') watching(event);
  if (event.event === 'gap') feed.fetch(event.to).then(wake);
  if (event.event === 'began') feed.began(event.lane, event.round);
  if (event.event === 'fired') feed.fired();
  if (event.event === 'discarded') feed.columns.discarded.add(event.round);
  if (event.event === 'sampled') notify('sampled');
  if (event.event === 'unreadable') notify('unreadable');
  if (event.event === 'warning') announce(event.message);
  status?.handle(event);
  if (event.event === 'finished') {
    feed.lag.end();
    notify('finished');
  }
}

function watch() {
  watched = false;
  if (stage) socket.watch(stage.run.id, stage.run.replay);
}

/** @param {{next: number, live: boolean}} event */
function watching({ next, live }) {
  watched = true;
  stage?.feed.fetch(next).then(wake);
  if (!live && stage?.active) notify('missed'); // it ended while disconnected
}

/** Fetch the queue once for changes that follow each other. */
function queueChanged() {
  clearTimeout(queueTimer);
  queueTimer = window.setTimeout(() => notify('line'), QUEUE_MS);
}

/** Make HTMX fetch the fragments with this hx-trigger. @param {string} name */
function notify(name) {
  document.body.dispatchEvent(new CustomEvent(`liveburst:${name}`));
}

/** Show the run of a new stage in the page. */
function setUp() {
  const root = find('#stage');
  if (root && root === stage?.root) return;
  const data = root && find('#run-data', root);
  if (!data) {
    [stage, status] = [null, null]; // the empty bench, or a run that cannot be shown
    return;
  }
  const figures = findAll('.waterfall', root).length;
  const { run, problem } = checkedRun(JSON.parse(data.textContent ?? ''), figures);
  stage = stageOf(run, root, wake);
  stage.feed.problem = problem;
  status = statusOf(stage);
  view.fold();
  controls.listenToStage(stage);
  watch();
  // Not by `autofocus`, which scrolls: what was pressed is in sight, and so stays the picture.
  find(replayFocused ? '.replay button' : '[data-focus]', root)?.focus({ preventScroll: true });
  replayFocused = false;
  resized.disconnect();
  for (const { plot } of stage.lanes) resized.observe(plot);
}

const resized = new ResizeObserver(drawAnew);

/** At once: a resized canvas is empty, and a printer waits for no animation frame. */
function drawAnew() {
  stage?.resize();
  drawn_ms = 0;
  draw();
}

/** Draw at the next animation frame. */
function wake() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(draw);
}

function draw() {
  drawing = false;
  const now_ms = performance.now();
  if (now_ms - drawn_ms < (CALM.matches ? CALM_MS : REDRAW_MS)) return wake();
  drawn_ms = now_ms;
  showConnection(socket, stage);
  controls.showStop(stage?.run.id);
  if (!stage || !status) return;
  const drawn = stage.draw();
  status.show();
  if (drawn && !stage.cursor.drag) refresh(stage);
  controls.showRound(stage);
  stage.feed.lag.drawn();
  socket.drawn();
  if (stage.playing) wake();
}

/** Draw what waits, and times that pass without a message. */
function tick() {
  const { behind = false, feed } = stage ?? {};
  const late = feed && feed.lag.age_ms(performance.now()) > LATE_MS;
  if (behind || late || socket.behind || socket.state !== 'live' || status?.waits) wake();
}

document.addEventListener('scroll', () => {
  // A chart that comes into sight is painted, and the card stays beside its chart.
  if (PHONE.matches) stage?.redraw();
  else wake();
});
document.addEventListener('htmx:before:swap', (event) => {
  const { tasks } = /** @type {CustomEvent} */ (event).detail;
  const { activeElement: focused } = document;
  if (tasks[0]?.target !== stage?.root || !(focused instanceof HTMLElement)) return;
  replayFocused = Boolean(focused.closest('.replay'));
  if (replayFocused) focused.blur(); // else Chromium scrolls to what is focused next
});
document.addEventListener('htmx:after:swap', () => {
  setUp();
  stage?.redraw();
});
onThemeChange([view.listenToScheme, view.listenToPrinter], drawAnew);
view.listenToEscape();
controls.listenToForm();
listenToFlames();
reportPresses();
keepEdits();
controls.listenToKeys(
  {
    r: () => find('form#fire-form')?.requestSubmit(),
    s: () => find('#stop-button')?.click(),
    '[': () => stage?.turn(-1),
    ']': () => stage?.turn(1),
    p: () => view.present(),
    a: () => stage?.playAgain(),
    t: () => {
      const focused = document.activeElement?.closest('figure');
      const tables = focused ? findAll('.as-table', focused) : findAll('.waterfall .as-table');
      for (const table of tables) table.toggleAttribute('open');
    },
    '+': () => stage?.zoom(1),
    '-': () => stage?.zoom(-1),
    0: () => stage?.zoom(0),
    o: () => stage?.overlay(),
  },
  wake,
);
Object.defineProperty(window, 'liveburst', {
  get: () => ({
    run: stage?.run,
    status: stage?.status,
    round: stage?.round,
    waterfalls: stage?.lanes.map(({ model }) => model),
    lines: stage?.panel.models,
    span: stage?.span,
    rows: stage?.view.rows ?? null,
    selection: stage?.selection,
    cursor_ms: stage?.cursor.at_ms,
    reading: stage?.cursor.words(),
    feed: stage?.feed,
    lag_ms: stage?.feed.lag.age_ms(performance.now()),
  }),
});
setInterval(tick, TICK_MS);
// HTMX processes the page in a task that it has queued before. An event for one of its elements that
// comes earlier is lost.
setTimeout(() => {
  setUp();
  wake();
});
