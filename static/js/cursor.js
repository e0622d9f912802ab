/** One cursor and one selection for all charts over time: by pointer, by touch and by keyboard. */

import { announce, find, findAll, hit, make, write } from './dom.js';
import { MARGIN } from './plot.js';
import { requestInWords } from './segments.js';
import { duration } from './words.js';

const STEPS = 200; // of the keyboard's cursor from end to end
const DRAG = 5; // CSS pixels below which it was a click
const QUIET_MS = 700; // a cursor that stands still so long is said to a screen reader

export class Cursor {
  at_ms = /** @type {number | null} */ (null);
  pinned = false;
  lane = 0;
  request = -1;
  #drag = /** @type {{x: number, at_ms: number} | null} */ (null);
  #saying = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);

  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    const { root } = stage;
    this.surfaces = findAll('[data-surface]', root);
    for (const surface of this.surfaces) {
      for (const name of ['stretch', 'cursor']) {
        const overlay = make('i');
        overlay.className = name;
        surface.append(overlay);
      }
    }
    this.reading = find('#reading', root);
    root.addEventListener('pointermove', (event) => this.#move(event));
    root.addEventListener('pointerdown', (event) => {
      const surface = hit(event, '[data-surface]');
      if (!surface || event.button) return;
      this.#drag = { x: event.clientX, at_ms: this.#time(event, surface) };
    });
    root.addEventListener('pointerup', (event) => this.#release(event));
    root.addEventListener('pointerleave', () => this.#leave());
    root.addEventListener('pointercancel', () => {
      this.#drag = null;
      this.#leave();
    });
    root.addEventListener('dblclick', (event) => {
      if (hit(event, '[data-surface]')) this.#clear();
    });
    root.addEventListener('keydown', (event) => this.#key(event));
    find('#clear-selection', root)?.addEventListener('click', () => this.#clear());
  }

  /** Where its time axis lies: left, width. @param {HTMLElement} surface @returns {Point} */
  #axis(surface) {
    const width = surface.clientWidth;
    if (surface.dataset.surface === 'lane') return [0, width];
    return [MARGIN.left, width - MARGIN.left - MARGIN.right];
  }

  /** @param {PointerEvent} event @param {HTMLElement} surface */
  #time({ clientX }, surface) {
    const [left, width] = this.#axis(surface);
    const [from_ms, to_ms] = this.stage.span;
    const share = (clientX - surface.getBoundingClientRect().left - left) / width;
    return from_ms + Math.min(Math.max(share, 0), 1) * (to_ms - from_ms);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const surface = hit(event, '[data-surface]');
    if (!surface) return this.#leave();
    if (this.#drag && Math.abs(event.clientX - this.#drag.x) >= DRAG) {
      const ends = [this.#drag.at_ms, this.#time(event, surface)].sort((a, b) => a - b);
      this.stage.select(/** @type {Span} */ (ends));
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
    this.stage.wake();
  }

  /** A click pins the cursor; the end of a drag is a selection. @param {PointerEvent} event */
  #release(event) {
    const surface = hit(event, '[data-surface]');
    if (surface && this.#drag && Math.abs(event.clientX - this.#drag.x) < DRAG) {
      this.pinned = !this.pinned;
      this.#point(event, surface);
    } else if (this.#drag) this.stage.keepSelection();
    this.#drag = null;
  }

  #leave() {
    if (this.pinned || this.at_ms === null || this.#drag) return;
    if (this.surfaces.includes(/** @type {HTMLElement} */ (document.activeElement))) return;
    this.at_ms = null;
    this.stage.wake();
  }

  #clear() {
    this.stage.select(null);
    this.stage.keepSelection();
    this.pinned = false;
    this.at_ms = null;
    this.stage.wake();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const surface = hit(event, '[data-surface]');
    if (event.key === 'Escape') {
      if (surface) /** @type {HTMLElement} */ (document.activeElement).blur();
      return this.#clear();
    }
    if (!surface || event.ctrlKey || event.metaKey || event.altKey) return;
    const { span, lanes } = this.stage;
    const at_ms = this.at_ms ?? span[0];
    const step_ms = ((span[1] - span[0]) / STEPS) * (event.shiftKey ? 10 : 1);
    /** @type {Record<string, number>} */
    const places = {
      ArrowLeft: at_ms - step_ms,
      ArrowRight: at_ms + step_ms,
      Home: 0,
      End: span[1],
    };
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0;
    const table =
      event.key === 't' && find('[data-as-table]', surface.closest('figure') ?? surface);
    if (!(event.key in places) && !by && !table) return;
    event.preventDefault();
    event.stopPropagation();
    if (table) return table.click();
    this.lane = Math.min(Math.max(this.lane + by, 0), lanes.length - 1);
    this.at_ms = Math.min(Math.max(places[event.key] ?? at_ms, span[0]), span[1]);
    this.request = -1;
    if (by && surface.dataset.surface === 'lane') lanes[this.lane].plot.focus();
    clearTimeout(this.#saying);
    this.#saying = setTimeout(() => announce(this.words()), QUIET_MS);
    this.stage.wake();
  }

  /** Lines, stretches and words, where they belong now. */
  draw() {
    const { span, selection } = this.stage;
    for (const surface of this.surfaces) {
      const [left, width] = this.#axis(surface);
      const x = (/** @type {number} */ ms) => {
        const share = (ms - span[0]) / (span[1] - span[0]);
        return left + Math.min(Math.max(share, 0), 1) * width;
      };
      const [stretch, line] = findAll(':scope > i', surface);
      line.hidden = this.at_ms === null;
      line.style.left = `${x(this.at_ms ?? 0)}px`;
      stretch.hidden = !selection;
      if (!selection) continue;
      const [from, to] = selection.map(x);
      stretch.style.left = `${from}px`;
      stretch.style.width = `${to - from}px`;
    }
    this.reading.classList.toggle('pinned', this.pinned);
    write(this.reading, this.words());
  }

  words() {
    if (this.at_ms === null) return '';
    const { data, model } = this.stage.lanes[this.lane];
    const firing = this.stage.feed.columns.firing(this.lane, model.round);
    return [
      `${this.pinned ? 'pinned ' : ''}${data.letter} at ${duration(this.at_ms)}`,
      ...(firing?.state[this.request] ? [requestInWords(firing, this.request)] : []),
      ...this.stage.panel.read(this.lane, this.at_ms),
    ].join(' · ');
  }
}
