/** One cursor and one selection for all charts over time: by pointer, by touch and by keyboard. */

import { MARGIN } from './plot.js';
import { requestInWords } from './requests.js';
import { duration } from './words.js';

/** @import { Stage } from './stage.js' */

const STEPS = 200; // of the keyboard's cursor from end to end
const DRAG = 5; // CSS pixels below which it was a click

export class Cursor {
  at_ms = /** @type {number | null} */ (null);
  pinned = false;
  lane = 0;
  request = -1;
  #dragged_ms = /** @type {number | null} */ (null);
  #down = 0;

  /** @param {Stage} stage @param {() => void} changed */
  constructor(stage, changed) {
    this.stage = stage;
    this.changed = changed;
    const { root } = stage;
    this.surfaces = /** @type {HTMLElement[]} */ ([...root.querySelectorAll('[data-surface]')]);
    for (const surface of this.surfaces) {
      for (const name of ['stretch', 'cursor']) {
        const overlay = document.createElement('i');
        overlay.className = name;
        surface.append(overlay);
      }
    }
    root.addEventListener('pointermove', (event) => this.#move(event));
    root.addEventListener('pointerdown', (event) => this.#press(event));
    root.addEventListener('pointerup', (event) => this.#release(event));
    root.addEventListener('pointerleave', () => this.#leave());
    root.addEventListener('pointercancel', () => this.#cancel());
    root.addEventListener('keydown', (event) => this.#key(event));
    root.querySelector('#clear-selection')?.addEventListener('click', () => stage.select(null));
    this.reading = /** @type {HTMLElement} */ (root.querySelector('#reading'));
  }

  /** @param {Event} event @returns {HTMLElement | null} */
  #surface({ target }) {
    return target instanceof Element ? target.closest('[data-surface]') : null;
  }

  /** @param {HTMLElement} surface @returns {[left: number, width: number]} where its time axis lies */
  #axis(surface) {
    const { left, width } = surface.getBoundingClientRect();
    if (surface.dataset.surface === 'lane') return [left, width];
    return [left + MARGIN.left, width - MARGIN.left - MARGIN.right];
  }

  /** @param {PointerEvent} event @param {HTMLElement} surface */
  #time({ clientX }, surface) {
    const [left, width] = this.#axis(surface);
    return Math.min(Math.max((clientX - left) / width, 0), 1) * this.stage.end_ms;
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const surface = this.#surface(event);
    if (!surface) return this.#leave();
    if (this.#dragged_ms !== null) {
      const now_ms = this.#time(event, surface);
      if (Math.abs(event.clientX - this.#down) >= DRAG) {
        this.stage.select([Math.min(this.#dragged_ms, now_ms), Math.max(this.#dragged_ms, now_ms)]);
      }
    }
    if (!this.pinned) this.#point(event, surface);
  }

  /** @param {PointerEvent} event @param {HTMLElement} surface */
  #point(event, surface) {
    this.at_ms = this.#time(event, surface);
    this.request = -1;
    const lane = this.stage.lanes.find(({ plot }) => plot === surface);
    if (lane) {
      this.lane = lane.position;
      const above = lane.waterfall.canvas.getBoundingClientRect().top;
      this.request = lane.waterfall.requestAt(event.clientY - above);
    }
    this.changed();
  }

  /** @param {PointerEvent} event */
  #press(event) {
    const surface = this.#surface(event);
    if (!surface || event.button) return;
    this.#down = event.clientX;
    this.#dragged_ms = this.#time(event, surface);
  }

  /** @param {PointerEvent} event */
  #release(event) {
    const surface = this.#surface(event);
    if (surface && this.#dragged_ms !== null && Math.abs(event.clientX - this.#down) < DRAG) {
      this.pinned = !this.pinned;
      this.#point(event, surface);
    }
    this.#dragged_ms = null;
  }

  #cancel() {
    this.#dragged_ms = null;
    this.#leave();
  }

  #leave() {
    if (this.pinned || this.at_ms === null || this.#dragged_ms !== null) return;
    if (this.surfaces.includes(/** @type {HTMLElement} */ (document.activeElement))) return;
    this.at_ms = null;
    this.changed();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const surface = this.#surface(event);
    if (event.key === 'Escape') {
      this.stage.select(null);
      this.pinned = false;
      this.at_ms = null;
      if (surface) /** @type {HTMLElement} */ (document.activeElement).blur();
      return this.changed();
    }
    if (!surface || event.ctrlKey || event.metaKey || event.altKey) return;
    const { end_ms, lanes } = this.stage;
    const step_ms = (end_ms / STEPS) * (event.shiftKey ? 10 : 1);
    const to = {
      ArrowLeft: (this.at_ms ?? 0) - step_ms,
      ArrowRight: (this.at_ms ?? 0) + step_ms,
      Home: 0,
      End: end_ms,
      ArrowUp: this.at_ms ?? 0,
      ArrowDown: this.at_ms ?? 0,
    }[event.key];
    const table = event.key === 't' && surface.closest('figure')?.querySelector('button');
    if (table) table.click();
    else if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (to === undefined) return;
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0;
    this.lane = Math.min(Math.max(this.lane + by, 0), lanes.length - 1);
    this.at_ms = Math.min(Math.max(to, 0), end_ms);
    this.request = -1;
    if (by && surface.dataset.surface === 'lane') lanes[this.lane].plot.focus();
    this.changed();
  }

  /** Lines, stretches and words, where they belong now. */
  draw() {
    const { at_ms } = this;
    const { end_ms, selection } = this.stage;
    for (const surface of this.surfaces) {
      const [left, width] = this.#axis(surface);
      const x = (/** @type {number} */ ms) =>
        left - surface.getBoundingClientRect().left + (ms / end_ms) * width;
      const [stretch, line] = /** @type {NodeListOf<HTMLElement>} */ (
        surface.querySelectorAll(':scope > i')
      );
      line.hidden = at_ms === null;
      line.style.left = `${x(at_ms ?? 0)}px`;
      stretch.hidden = !selection;
      if (!selection) continue;
      stretch.style.left = `${x(selection[0])}px`;
      stretch.style.width = `${x(selection[1]) - x(selection[0])}px`;
    }
    this.reading.classList.toggle('pinned', this.pinned);
    const text = this.words();
    if (this.reading.textContent !== text) this.reading.textContent = text;
  }

  words() {
    if (this.at_ms === null) return '';
    const lane = this.stage.lanes[this.lane];
    const firing = this.stage.feed.columns.firing(this.lane, lane.model.round);
    const known = firing?.state[this.request] ? [requestInWords(firing, this.request)] : [];
    return [
      `${this.pinned ? 'pinned ' : ''}${lane.data.letter} at ${duration(this.at_ms)}`,
      ...known,
      ...this.stage.panel.read(this.lane, this.at_ms),
    ].join(' · ');
  }
}
