/** One lane's waterfall: a bar a request, painted as little as possible and redrawn when needed. */

import { BEGUN, FINISHED } from './columns.js';
import { Rows } from './rows.js';
import { eachSegment } from './segments.js';

/** @import { Firing } from './columns.js' */
/** @import { Segment } from './segments.js' */

const FAINT = 0.35;
const TIP = 2; // CSS pixels of the solid tip of a bar that still grows
const MARK = 9; // CSS pixels of an error's ✕ at most

/**
 * @typedef {object} View
 * @property {number} axisEnd_ms
 * @property {number} requests rows on the axis
 * @property {boolean} faint a round that is not the one in front
 * @property {number} now_ms where growing bars end
 * @property {boolean} zoomed
 * @property {number} scrolled
 */
/** @typedef {Record<Segment | 'error', string>} Paints */

export class Waterfall {
  #context;
  #key = '';
  #growing = /** @type {Set<number>} */ (new Set());
  #rows = new Rows({ requests: 1, height: 1, ratio: 1 });
  #ratio = 1;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.#context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    /** How often everything was painted anew, and how many bars in all: for tests. */
    this.painted = { whole: 0, bars: 0 };
  }

  /**
   * Fit the canvas to its place; true when that changed anything.
   * @param {number} width CSS pixels
   * @param {number} height
   * @param {number} ratio
   */
  resize(width, height, ratio) {
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width === wide && this.canvas.height === high) return;
    this.canvas.width = wide;
    this.canvas.height = high;
    this.#ratio = ratio;
    this.#key = '';
  }

  /** @param {number} top CSS pixels below the canvas's edge */
  requestAt(top) {
    const { offset, pitch } = this.#rows;
    return Math.floor((top * this.#ratio + offset) / pitch);
  }

  /** Paint everything at the next draw. */
  forget() {
    this.#key = '';
  }

  /**
   * Bring the canvas up to date: what changed and what grows, or all of it if the axis stepped.
   * @param {Firing | undefined} firing
   * @param {string} name of the firing: another one is another picture
   * @param {View} view
   * @param {Paints} paints
   */
  draw(firing, name, view, paints) {
    const { axisEnd_ms, requests, faint, zoomed, scrolled } = view;
    const key = [name, axisEnd_ms, requests, faint, zoomed, scrolled].join();
    const whole = key !== this.#key;
    this.#key = key;
    if (whole) this.#begin(view);
    if (!firing) return;
    const due = whole ? this.#all(firing) : this.#changed(firing);
    firing.changed.length = 0;
    this.#context.globalAlpha = faint ? FAINT : 1;
    for (const request of due) this.#bar(firing, request, view, paints);
  }

  /** @param {View} view */
  #begin({ requests, zoomed, scrolled }) {
    const { width, height } = this.canvas;
    this.#context.clearRect(0, 0, width, height);
    this.#rows = new Rows({ requests, height, ratio: this.#ratio, zoomed, scrolled });
    this.#growing.clear();
    this.painted.whole++;
  }

  /** @param {Firing} firing */
  #all(firing) {
    const due = [];
    const [first, last] = this.#rows.range();
    for (let request = first; request < last; ) {
      const [, next] = this.#rows.sharing(request);
      due.push(this.#shown(firing, request));
      request = next;
    }
    return due.filter((request) => firing.state[request]);
  }

  /** @param {Firing} firing */
  #changed(firing) {
    const due = new Set(this.#growing);
    for (const request of firing.changed) {
      if (this.#rows.visible(request)) due.add(this.#shown(firing, request));
    }
    return [...due].filter((request) => firing.state[request]);
  }

  /**
   * The request that stands for all on its row of pixels: one that failed, or the first.
   * @param {Firing} firing
   * @param {number} request
   */
  #shown(firing, request) {
    const [first, last] = this.#rows.sharing(request);
    for (let one = first; firing.failed && one < last; one++) if (firing.error[one]) return one;
    return first;
  }

  /** @param {Firing} firing @param {number} request @param {View} view @param {Paints} paints */
  #bar(firing, request, { axisEnd_ms, now_ms }, paints) {
    const context = this.#context;
    const { width } = this.canvas;
    const [top, height] = this.#rows.bar(request);
    const x = (/** @type {number} */ ms) => Math.round((ms / axisEnd_ms) * width);
    context.clearRect(0, top, width, height);
    let tip = 0;
    eachSegment(firing, request, now_ms, (segment, from, to) => {
      const left = x(from);
      tip = Math.max(x(to), left + 1);
      context.fillStyle = paints[segment];
      context.fillRect(left, top, tip - left, height);
    });
    this.painted.bars++;
    const grows = firing.state[request] === BEGUN;
    if (grows) this.#grow(request, tip, top, height, paints);
    else this.#growing.delete(request);
    if (firing.state[request] === FINISHED && firing.error[request]) {
      this.#mark(tip, top, height, paints.error);
    }
  }

  /**
   * A bar that still grows has a solid tip: something moves there.
   * @param {number} request
   * @param {number} tip
   * @param {number} top
   * @param {number} height
   * @param {Paints} paints
   */
  #grow(request, tip, top, height, paints) {
    this.#growing.add(request);
    const wide = Math.min(TIP * this.#ratio, tip);
    this.#context.fillStyle = paints.view;
    this.#context.fillRect(tip - wide, top, wide, height);
  }

  /**
   * ✕ at the end of a bar; never a colour alone.
   * @param {number} tip
   * @param {number} top
   * @param {number} height
   * @param {string} paint
   */
  #mark(tip, top, height, paint) {
    const context = this.#context;
    const half = Math.max(Math.min(height, MARK * this.#ratio) / 2, this.#ratio);
    const across = Math.min(Math.max(tip - half, half), this.canvas.width - half);
    const middle = top + height / 2;
    context.strokeStyle = paint;
    context.lineWidth = Math.max(1.5 * this.#ratio, 1);
    context.beginPath();
    context.moveTo(across - half, middle - half);
    context.lineTo(across + half, middle + half);
    context.moveTo(across - half, middle + half);
    context.lineTo(across + half, middle - half);
    context.stroke();
  }
}
