/** The page: one websocket, at most one run on the stage, one redraw an animation frame. */

import { onThemeChange } from './charts/theme.js';
import { Socket } from './data/socket.js';
import * as controls from './page/controls.js';
import { say } from './page/refresh.js';
import { stageOf } from './page/stage.js';
import { showConnection, statusOf } from './page/status.js';
import { announce, find, findAll, PHONE } from './shared/dom.js';

const CALM = matchMedia('(prefers-reduced-motion: reduce)');
const CALMLY_MS = 500;
const QUICKLY_MS = 30; // the page runs on the machine that is being measured: no 60 times a second
const STALE_MS = 1000; // the age of the last data is said anew so often

/** @type {Stage | null} */
let stage = null;
/** @type {Status | null} */
let status = null;
/** True if frames are this stage's: the last run's may still be on their way. */
let tuned = false;
let drawing = false;
let drawn_ms = 0;

const socket = new Socket({
  open: () => {
    watch();
    tell('line'); // it may have moved while nobody heard
  },
  event: hear,
  frame: (message) => {
    if (tuned) stage?.feed.live(message);
    wake();
  },
  changed: wake,
});

/** @param {any} event */
function hear(event) {
  wake();
  if (event.event === 'line') tell('line');
  if (!stage || event.run !== stage.run.id) return;
  const { feed } = stage;
  if (event.event === 'watching') watching(event);
  if (event.event === 'gap') feed.fetch(event.to).then(wake);
  if (event.event === 'began') feed.columns.begin(event.lane, event.round);
  if (event.event === 'fired') feed.fired(event.lane, event.round);
  if (event.event === 'discarded') feed.columns.discarded.add(event.round);
  if (event.event === 'warning') announce(event.message);
  status?.hear(event);
  if (event.event === 'finished') {
    feed.over = true;
    tell('finished');
  }
}

function watch() {
  tuned = false;
  if (stage?.run.id) socket.watch(stage.run.id, stage.run.replay);
}

/** @param {{next: number, live: boolean}} event */
function watching({ next, live }) {
  tuned = true;
  stage?.feed.fetch(next).then(wake);
  if (!live && stage?.active) tell('missed'); // it ended while nobody heard
}

/** Makes HTMX fetch the fragment that says so in its hx-trigger. @param {string} what */
function tell(what) {
  document.body.dispatchEvent(new CustomEvent(`liveburst:${what}`));
}

/** The stage in the page is another one than before: put its run on. */
function setUp() {
  const root = find('#stage');
  if (!root || root === stage?.root) return;
  const run = /** @type {RunData} */ (JSON.parse(find('#run-data', root).textContent ?? ''));
  stage = stageOf(run, root, wake);
  status = statusOf(stage);
  controls.listenToStage(stage);
  watch();
  resized.disconnect();
  for (const { plot } of stage.lanes) resized.observe(plot);
}

const resized = new ResizeObserver(() => {
  stage?.resize();
  drawn_ms = 0; // at once: a canvas of another size is empty
  draw();
});

/** Draw at the next frame, and go on while something moves. */
function wake() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(draw);
}

function draw() {
  drawing = false;
  const now_ms = performance.now();
  if (now_ms - drawn_ms < (CALM.matches ? CALMLY_MS : QUICKLY_MS)) return wake();
  drawn_ms = now_ms;
  showConnection(socket.state, socket.lastHeard_ms);
  if (socket.state !== 'live') setTimeout(wake, STALE_MS);
  if (!stage || !status) return;
  const drawn = stage.draw(socket.open ? now_ms : socket.lastHeard_ms);
  if (stage.run.id) status.show();
  if (stage.run.id && drawn && !stage.cursor.dragged) say(stage);
  controls.showRound(stage);
  controls.showStop(stage.run.id);
  socket.drawn();
  if ((stage.behind && socket.open) || socket.behind) wake();
}

document.addEventListener('scroll', () => {
  if (PHONE.matches) stage?.swapped();
});
document.addEventListener('htmx:after:swap', () => {
  setUp();
  stage?.swapped();
});
onThemeChange(() => stage?.resize());
controls.listenToForm();
controls.listenToKeys(
  {
    r: () => find('form#fire-form')?.requestSubmit(),
    s: () => find('#stop-button')?.click(),
    '[': () => stage?.turn(-1),
    ']': () => stage?.turn(1),
    t: () => {
      const own = document.activeElement?.closest('figure')?.querySelectorAll('.as-table');
      for (const table of own ?? findAll('.waterfall .as-table')) table.toggleAttribute('open');
    },
    '+': () => stage?.zoom(1),
    '-': () => stage?.zoom(-1),
    0: () => stage?.zoom(0),
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
    selection: stage?.selection,
    cursor_ms: stage?.cursor.at_ms,
    reading: stage?.cursor.words(),
    feed: stage?.feed,
  }),
});
setUp();
wake();
