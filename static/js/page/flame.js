/**
 * The flame graphs: pointer and arrow keys choose a frame, a click or Enter zooms into it, Escape
 * zooms out. The server lays them out; a zoom only moves and hides frames.
 */

import { announce, find, findAll, hit, write } from '../shared/dom.js';

const EDGE = 1e-6; // of shares that were rounded

/** @typedef {{frame: HTMLElement, depth: number, start: number, end: number}} Placed */

/** @param {HTMLElement} graph @returns {Placed[]} */
const placedIn = (graph) =>
  findAll('.frame', graph).map((frame) => {
    const { depth, start, share } = frame.dataset;
    return {
      frame,
      depth: Number(depth),
      start: Number(start),
      end: Number(start) + Number(share),
    };
  });

/** @param {Placed} outer @param {Placed} inner */
const contains = (outer, inner) =>
  outer.start <= inner.start + EDGE && inner.end <= outer.end + EDGE;

/** Listen for all flame graphs, those that are fetched later too. */
export function listenToFlames() {
  // Not pointerover: a graph that is scrolled below a still pointer is read by keyboard.
  document.addEventListener('pointermove', (event) => {
    const frame = hit(event, '.flame .frame');
    if (frame) read(frame);
  });
  document.addEventListener('click', (event) => {
    const frame = hit(event, '.flame .frame');
    if (frame) zoom(frame);
  });
  document.addEventListener('keydown', (event) => {
    const graph = hit(event, '.flame');
    if (graph && !event.ctrlKey && !event.metaKey && !event.altKey) key(event, graph);
  });
}

/** @param {KeyboardEvent} event @param {HTMLElement} graph */
function key(event, graph) {
  const all = placedIn(graph);
  const seen = all.filter(({ frame }) => !frame.hasAttribute('hidden'));
  const now = seen.find(({ frame }) => frame.classList.contains('current')) ?? seen[0];
  const row = seen.filter(({ depth }) => depth === now.depth);
  const at = row.indexOf(now);
  const below = seen.filter((one) => one.depth === now.depth + 1 && contains(now, one));
  const next = {
    ArrowLeft: row[at - 1],
    ArrowRight: row[at + 1],
    ArrowUp: seen.find((one) => one.depth === now.depth - 1 && contains(one, now)),
    ArrowDown: below.sort((one, other) => other.end - other.start - (one.end - one.start))[0],
    Home: seen[0],
  };
  if (event.key in next) {
    const chosen = next[/** @type {keyof typeof next} */ (event.key)] ?? now;
    choose(graph, chosen.frame);
  } else if (event.key === 'Enter' || event.key === ' ') zoom(now.frame);
  else if (event.key === 'Escape') zoom(all[0].frame);
  else return;
  event.preventDefault();
}

/** @param {HTMLElement} graph @param {HTMLElement} frame */
function choose(graph, frame) {
  for (const one of findAll('.frame', graph)) one.classList.toggle('current', one === frame);
  announce(read(frame));
}

/** Write what a frame is below its graph. @param {HTMLElement} frame */
function read(frame) {
  const text = find('title', frame).textContent ?? '';
  write(find('[data-reading]', frame.closest('figure') ?? document), text);
  return text;
}

/** Give a frame the whole width; its callers stay above it. @param {HTMLElement} frame */
function zoom(frame) {
  const graph = /** @type {HTMLElement} */ (frame.closest('.flame'));
  const all = placedIn(graph);
  const whole = all.find((one) => one.frame === frame) ?? all[0];
  const width = whole.end - whole.start;
  for (const one of all) {
    const caller = one.depth < whole.depth && contains(one, whole);
    const inside = one.depth >= whole.depth && contains(whole, one);
    one.frame.toggleAttribute('hidden', !caller && !inside);
    one.frame.classList.toggle('caller', caller);
    const start = caller ? 0 : (one.start - whole.start) / width;
    const share = caller ? 1 : (one.end - one.start) / width;
    one.frame.setAttribute('x', `${100 * start}%`);
    one.frame.setAttribute('width', `${100 * share}%`);
  }
  choose(graph, frame);
}
