/** The page: one websocket, at most one run on the stage, one redraw an animation frame. */

import { listenToControls, showRound } from './controls.js';
import { clearErrors, fire } from './form.js';
import { listenToKeys } from './keys.js';
import { PHONE } from './panel.js';
import { Socket } from './socket.js';
import { Stage } from './stage.js';
import { announce, Status, showConnection } from './status.js';
import { showStop, stop } from './stopping.js';
import { onThemeChange } from './theme.js';

/** @import { RunData } from './feed.js' */

const CALM = matchMedia('(prefers-reduced-motion: reduce)');
const CALMLY_MS = 500;
const QUICKLY_MS = 30; // the page runs on the machine that is being measured: no 60 times a second
const STALE_MS = 1000; // the age of the last data is said anew so often

/** @type {Stage | null} */
let stage = null;
/** @type {Status | null} */
let status = null;
/** Whether frames are this stage's: they name no run, and the last run's may still be on the way. */
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
  if (event.event === 'watching') watching(event);
  if (event.event === 'gap') fetchUntil(event.to);
  if (event.event === 'began') stage.feed.began(event.lane, event.round);
  if (event.event === 'fired') stage.feed.fired(event.lane, event.round);
  if (event.event === 'discarded') stage.feed.columns.discarded.add(event.round);
  if (event.event === 'warning') announce(event.message);
  status?.hear(event);
  if (event.event === 'finished') over();
}

function watch() {
  tuned = false;
  if (stage?.run.id) socket.watch(stage.run.id);
}

/** @param {{next: number, live: boolean}} event */
function watching({ next, live }) {
  tuned = true;
  fetchUntil(next);
  if (!live && stage?.active) over(); // it ended while the connection was lost
}

/** @param {number} end */
function fetchUntil(end) {
  stage?.feed.fetch(end).then(wake);
}

function over() {
  if (!stage) return;
  stage.active = false;
  stage.feed.over = true;
  tell('finished');
}

/**
 * An event makes HTMX fetch the fragment that it concerns; the fragment says which in hx-trigger.
 * @param {string} what
 */
function tell(what) {
  document.body.dispatchEvent(new CustomEvent(`liveburst:${what}`));
}

/** The stage in the page is another one than before: put its run on. */
function setUp() {
  const root = document.getElementById('stage');
  if (!root || root === stage?.root) return;
  /** @type {RunData} */
  const run = JSON.parse(root.querySelector('#run-data')?.textContent ?? '');
  stage = new Stage(run, root, wake);
  status = new Status(stage);
  listenToControls(stage, wake);
  watch();
  if (run.id) clearErrors();
  resized.disconnect();
  for (const { plot } of stage.lanes) resized.observe(plot);
}

const resized = new ResizeObserver(() => {
  stage?.resize();
  wake();
});

/** Draw at the next frame, and go on while something moves. */
function wake() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(draw);
}

function draw() {
  drawing = false;
  const now = performance.now();
  if (now - drawn_ms < (CALM.matches ? CALMLY_MS : QUICKLY_MS)) return wake();
  drawn_ms = now;
  showConnection(socket.state, socket.lastHeard_ms);
  if (socket.state !== 'live') setTimeout(wake, STALE_MS);
  if (!stage || !status) return;
  stage.draw(socket.open ? now : socket.lastHeard_ms);
  if (stage.run.id) status.show();
  showRound(stage);
  showStop(stage.run.id);
  socket.drawn();
  if ((stage.behind && socket.open) || socket.behind) wake();
}

document.addEventListener('scroll', () => {
  if (!PHONE.matches) return;
  stage?.swapped();
  wake();
});
document.addEventListener('htmx:after:swap', () => {
  setUp();
  stage?.swapped();
  wake();
});
onThemeChange(() => {
  stage?.recolour();
  wake();
});
listenToKeys(
  {
    r: fire,
    s: () => stop(stage?.run.id),
    '[': () => stage?.turn(-1),
    ']': () => stage?.turn(1),
    t: () => document.getElementById('table-button')?.click(),
    '+': () => stage?.zoom(true),
    '-': () => stage?.zoom(false),
    0: () => stage?.zoom(false),
  },
  wake,
);
document.getElementById('stop-button')?.addEventListener('click', () => stop(stage?.run.id));
Object.defineProperty(window, 'liveburst', {
  get: () => ({
    run: stage?.run,
    status: status?.status,
    round: stage?.round,
    waterfalls: stage?.lanes.map(({ model }) => model),
    lines: stage?.panel.models,
    selection: stage?.selection,
    cursor_ms: stage?.cursor.at_ms,
    reading: stage?.cursor.words(),
  }),
});
setUp();
wake();
