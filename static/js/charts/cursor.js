/** One cursor and one selection for all charts over time: where it is, and what it reads. */

import { announce, find, findAll } from '../shared/dom.js';
import { duration } from '../shared/format.js';
import { Card } from './card.js';
import { MARGIN } from './plot.js';
import { finishedBy, lengths, requestInWords, requestLine } from './segments.js';

const ANNOUNCE_AFTER_MS = 700; // without another step
export const SURFACE = '[data-surface]';

/** @param {number} value @param {number} low @param {number} high */
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Left and width of its time axis. @type {(surface: HTMLElement) => Point} */
const axisOf = ({ clientWidth, dataset }) =>
  dataset.surface === 'lane'
    ? [0, clientWidth]
    : [MARGIN.left, clientWidth - MARGIN.left - MARGIN.right];

export class Cursor {
  at_ms = /** @type {number | null} */ (null);
  pinned = false;
  lane = 0;
  hint = '';
  #request = -1;
  #surface = /** @type {HTMLElement | null} */ (null);
  #pointer = /** @type {{x: number, y: number} | null} */ (null); // null: by keyboard
  #announcing = 0;
  drag = /** @type {{x: number, at_ms: number} | null} */ (null);

  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.card = new Card(stage.root);
    this.surfaces = findAll(SURFACE, stage.root);
  }

  /** @type {TimeAt} */
  timeAt(x, surface) {
    const [left, width] = axisOf(surface);
    const [from_ms, to_ms] = this.stage.span;
    const share = (x - surface.getBoundingClientRect().left - left) / width;
    return from_ms + clamp(share, 0, 1) * (to_ms - from_ms);
  }

  /** The lane whose plot this is; undefined in other charts. @param {HTMLElement} surface */
  laneOf(surface) {
    return this.stage.lanes.find(({ plot }) => plot === surface);
  }

  /** The lane's row at a height, whole and part; null in other charts. @type {RowAt} */
  rowAt(y, surface) {
    const lane = this.laneOf(surface);
    if (!lane) return null;
    return lane.waterfall.rowAt(y - lane.waterfall.canvas.getBoundingClientRect().top);
  }

  /** Follow the pointer. @param {PointerEvent} event @param {HTMLElement} surface */
  point({ clientX: x, clientY: y }, surface) {
    this.at_ms = this.timeAt(x, surface);
    this.#surface = surface;
    this.#pointer = { x, y };
    this.#request = Math.floor(this.rowAt(y, surface) ?? -1);
    const lane = this.laneOf(surface);
    if (lane) this.lane = lane.position;
    this.stage.wake();
  }

  /** Go to an instant of a lane, by keyboard. @type {GoTo} */
  goTo(at_ms, lane, surface) {
    this.at_ms = at_ms;
    this.lane = lane;
    this.#surface = surface;
    this.#pointer = null;
    const firing = this.#firing;
    this.#request = firing && surface.dataset.surface === 'lane' ? finishedBy(firing, at_ms) : -1;
    clearTimeout(this.#announcing);
    this.#announcing = window.setTimeout(() => announce(this.words()), ANNOUNCE_AFTER_MS);
    this.stage.wake();
  }

  clear() {
    this.pinned = false;
    this.at_ms = null;
    this.stage.wake();
  }

  get #firing() {
    const { feed, lanes } = this.stage;
    return feed.columns.firing(this.lane, lanes[this.lane].model.round);
  }

  /** The middle of the request's row; null without one. */
  get row() {
    return this.#request < 0 ? null : this.#request + 0.5;
  }

  /** What is read here; null without a cursor. @returns {Reading | null} */
  read() {
    const { at_ms, pinned, hint, stage, lane } = this;
    if (at_ms === null) return null;
    const { letter, family } = stage.lanes[lane].data;
    const at = `at ${duration(at_ms)}`;
    const chart = this.#surface?.closest('figure')?.dataset.chart;
    /** @type {(parts: Partial<Reading>, ...words: string[]) => Reading} */
    const reading = (parts, ...words) => ({
      ...{ pinned, hint, letter: '', family, title: at, request: '', lengths: {}, values: [] },
      ...{ lanes: [], ...parts },
      words: (pinned ? 'pinned ' : '') + words.filter(Boolean).join(' · '),
    });
    if (this.drag && stage.selection) {
      const [from_ms, to_ms] = stage.selection;
      const title = `${duration(from_ms)} to ${duration(to_ms)}`;
      const length = `selected: ${duration(to_ms - from_ms)}`;
      return reading({ title, values: [length] }, title, length);
    }
    if (chart) {
      const lanes = stage.panel.valuesAt(chart, at_ms);
      const texts = lanes.map(({ letter, value }) => `${letter} ${value || '–'}`);
      return reading({ lanes }, at, ...texts);
    }
    const values = stage.panel.read(lane, at_ms);
    const firing = this.#firing;
    const request = this.#request;
    const title = `${letter} ${at}`;
    if (!firing?.state[request]) return reading({ letter, values }, title, ...values);
    const { failures } = stage.run;
    const parts = {
      letter,
      values,
      request: requestLine(firing, request, failures),
      lengths: lengths(firing, request, stage.lanes[lane].model.now_ms),
    };
    return reading(parts, title, requestInWords(firing, request, failures), ...values);
  }

  words() {
    return this.read()?.words ?? '';
  }

  /** Where the card may not be. @returns {Anchor | null} */
  #anchor() {
    const surface = this.#surface;
    const line = surface && find(':scope > i.cursor', surface).getBoundingClientRect();
    if (!surface?.checkVisibility() || !line) return null;
    const { top, bottom } = surface.getBoundingClientRect();
    const { x, y } = this.#pointer ?? { x: line.left, y: top };
    const { waterfall, plot } = this.stage.lanes[this.lane];
    const row = plot === surface && this.#request >= 0 ? waterfall.placeOf(this.#request) : null;
    if (!row) return { x, y, top, bottom, row: false };
    const above = waterfall.canvas.getBoundingClientRect().top + row[0];
    return { x, y, top: above, bottom: above + row[1], row: true };
  }

  draw() {
    const { span, selection } = this.stage;
    for (const surface of this.surfaces) {
      const [left, width] = axisOf(surface);
      const share = (/** @type {number} */ ms) => (ms - span[0]) / (span[1] - span[0]);
      const x = (/** @type {number} */ ms) => left + clamp(share(ms), 0, 1) * width;
      const [stretch, line] = findAll(':scope > i', surface);
      const at = share(this.at_ms ?? -1);
      line.hidden = this.at_ms === null || at < 0 || at > 1;
      line.style.left = `${x(this.at_ms ?? 0)}px`;
      stretch.hidden = !selection;
      if (!selection) continue;
      const [from, to] = selection.map(x);
      stretch.style.left = `${from}px`;
      stretch.style.width = `${to - from}px`;
    }
    this.card.show(this.read(), this.#anchor());
  }
}
