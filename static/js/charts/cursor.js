/** One cursor and one selection for all charts over time: by pointer, touch and keyboard. */

import { announce, find, findAll, hit, write } from '../shared/dom.js';
import { duration } from '../shared/format.js';
import { MARGIN } from './plot.js';
import { requestInWords } from './segments.js';

const KEYBOARD_STEPS = 200; // from end to end
const DRAG_PX = 5; // less is a click
const ANNOUNCE_AFTER_MS = 700; // without another step
const SURFACE = '[data-surface]';

/** @param {number} value @param {number} low @param {number} high */
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Left and width of its time axis. @type {(surface: HTMLElement) => Point} */
const axisOf = ({ clientWidth, dataset }) =>
  dataset.surface === 'lane'
    ? [0, clientWidth]
    : [MARGIN.left, clientWidth - MARGIN.left - MARGIN.right];

export class Cursor {
  at_ms = /** @type {number | null} */ (null);
  #pinned = false;
  #lane = 0;
  #request = -1;
  drag = /** @type {{x: number, at_ms: number} | null} */ (null);
  #announcing = 0;

  /** @param {Stage} stage */
  constructor(stage) {
    const { root } = stage;
    this.stage = stage;
    this.reading = find('#reading', root);
    this.surfaces = findAll(SURFACE, root);
    this.#listen(root);
    root.addEventListener('keydown', (event) => this.#key(event));
  }

  /** To the pointer. @param {HTMLElement} root */
  #listen(root) {
    root.addEventListener('pointerdown', (event) => {
      const surface = hit(event, SURFACE);
      const x = event.clientX;
      if (surface && !event.button) this.drag = { x, at_ms: this.#timeAt(x, surface) };
    });
    root.addEventListener('pointermove', (event) => {
      const surface = hit(event, SURFACE);
      if (!event.buttons) this.drag = null; // released elsewhere
      if (!surface) return this.#leave();
      if (this.drag && this.#isDrag(event)) {
        const ends = [this.drag.at_ms, this.#timeAt(event.clientX, surface)];
        this.stage.select([Math.min(...ends), Math.max(...ends)]);
      }
      if (!this.#pinned) this.#point(event, surface);
    });
    root.addEventListener('pointerup', (event) => {
      const surface = hit(event, SURFACE);
      if (surface && this.drag && !this.#isDrag(event)) {
        this.#pinned = !this.#pinned;
        this.#point(event, surface);
      } else if (this.drag) this.stage.keepSelection();
      this.drag = null;
    });
    root.addEventListener('pointerleave', () => this.#leave());
    root.addEventListener('pointercancel', () => {
      this.drag = null;
      this.#leave();
    });
    root.addEventListener('dblclick', (event) => hit(event, SURFACE) && this.#clear());
    root.addEventListener('click', (event) => hit(event, '[data-clear]') && this.#clear());
  }

  /** @param {number} x @param {HTMLElement} surface */
  #timeAt(x, surface) {
    const [left, width] = axisOf(surface);
    const [from_ms, to_ms] = this.stage.span;
    const share = (x - surface.getBoundingClientRect().left - left) / width;
    return from_ms + clamp(share, 0, 1) * (to_ms - from_ms);
  }

  /** @param {PointerEvent} event @param {HTMLElement} surface */
  #point(event, surface) {
    this.at_ms = this.#timeAt(event.clientX, surface);
    this.#request = -1;
    const lane = this.stage.lanes.find(({ plot }) => plot === surface);
    if (lane) {
      const { top } = lane.waterfall.canvas.getBoundingClientRect();
      this.#lane = lane.position;
      this.#request = lane.waterfall.requestAt(event.clientY - top);
    }
    this.stage.wake();
  }

  /** @param {PointerEvent} event */
  #isDrag({ clientX }) {
    return this.drag && Math.abs(clientX - this.drag.x) >= DRAG_PX;
  }

  #leave() {
    if (this.#pinned || this.at_ms === null || this.drag) return;
    if (this.surfaces.some((surface) => surface === document.activeElement)) return;
    this.at_ms = null;
    this.stage.wake();
  }

  #clear() {
    this.stage.select(null);
    this.stage.keepSelection();
    this.#pinned = false;
    this.at_ms = null;
    this.stage.wake();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const surface = hit(event, SURFACE);
    if (event.key === 'Escape') {
      surface?.blur();
      return this.#clear();
    }
    if (!surface || event.ctrlKey || event.metaKey || event.altKey) return;
    const { span, lanes } = this.stage;
    const before_ms = this.at_ms ?? span[0];
    const step_ms = ((span[1] - span[0]) / KEYBOARD_STEPS) * (event.shiftKey ? 10 : 1);
    const to_ms = { Home: 0, End: span[1] }[event.key];
    const steps = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0;
    if (to_ms === undefined && !steps && !by) return;
    event.preventDefault();
    this.#lane = clamp(this.#lane + by, 0, lanes.length - 1);
    this.at_ms = clamp(to_ms ?? before_ms + steps * step_ms, ...span);
    this.#request = -1;
    if (by && surface.dataset.surface === 'lane') lanes[this.#lane].plot.focus();
    clearTimeout(this.#announcing);
    this.#announcing = window.setTimeout(() => announce(this.words()), ANNOUNCE_AFTER_MS);
    this.stage.wake();
  }

  words() {
    if (this.at_ms === null) return '';
    const { lanes, feed, run, panel } = this.stage;
    const { data, model } = lanes[this.#lane];
    const firing = feed.columns.firing(this.#lane, model.round);
    const request = this.#request;
    return [
      `${this.#pinned ? 'pinned ' : ''}${data.letter} at ${duration(this.at_ms)}`,
      ...(firing?.state[request] ? [requestInWords(firing, request, run.failures)] : []),
      ...panel.read(this.#lane, this.at_ms),
    ].join(' · ');
  }

  draw() {
    const { span, selection } = this.stage;
    for (const surface of this.surfaces) {
      const [left, width] = axisOf(surface);
      const x = (/** @type {number} */ ms) =>
        left + clamp((ms - span[0]) / (span[1] - span[0]), 0, 1) * width;
      const [stretch, line] = findAll(':scope > i', surface);
      line.hidden = this.at_ms === null;
      line.style.left = `${x(this.at_ms ?? 0)}px`;
      stretch.hidden = !selection;
      if (!selection) continue;
      const [from, to] = selection.map(x);
      stretch.style.left = `${from}px`;
      stretch.style.width = `${to - from}px`;
    }
    this.reading.classList.toggle('pinned', this.#pinned);
    write(this.reading, this.words());
  }
}
