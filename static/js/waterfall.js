/** One lane's waterfall: a bar a request, painted as little as possible and redrawn when needed. */

import { BEGUN, FINISHED } from './columns.js';
import { Rows } from './rows.js';
import { eachSegment } from './segments.js';

const FAINT = 0.35; // another round than the one in front, or outside of the selection
const TIP = 2; // CSS pixels of the solid tip of a bar that still grows
const MARK = 9; // CSS pixels of an error's ✕ at most

export class Waterfall {
  #key = '';
  #growing = /** @type {Set<number>} */ (new Set());
  #rows = new Rows({ requests: 1, height: 1, ratio: 1 });
  #ratio = 1;
  /** How often everything was painted anew, and how many bars in all: for tests. */
  painted = { whole: 0, bars: 0 };

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  }

  /** Fit the canvas to its place, in CSS pixels. @type {Resize} */
  resize(width, height, ratio) {
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width === wide && this.canvas.height === high) return;
    this.canvas.width = wide;
    this.canvas.height = high;
    this.#ratio = ratio;
    this.forget();
  }

  /** @type {RowAt} */
  requestAt(top) {
    const { offset, pitch } = this.#rows;
    return Math.floor((top * this.#ratio + offset) / pitch);
  }

  /** Paint everything at the next draw. */
  forget() {
    this.#key = '';
  }

  /** Bring the canvas up to date: what changed and what grows, or all of it if the axis stepped.
   * @type {DrawBars} */
  draw(firing, name, view, paints) {
    const { now_ms: _, ...lasting } = view;
    const key = name + JSON.stringify(lasting);
    const whole = key !== this.#key;
    this.#key = key;
    if (whole) this.#begin(view);
    if (!firing) return;
    const rows = whole ? this.#all() : this.#changed(firing);
    firing.changed.length = 0;
    for (const first of rows) {
      const request = this.#shown(firing, first);
      if (firing.state[request]) this.#bar(firing, request, view, paints);
    }
  }

  /** @param {View} view */
  #begin({ requests, zoomed, scrolled }) {
    const { width, height } = this.canvas;
    this.context.clearRect(0, 0, width, height);
    this.#rows = new Rows({ requests, height, ratio: this.#ratio, zoomed, scrolled });
    this.#growing.clear();
    this.painted.whole++;
  }

  /** The first request of each row of pixels. */
  #all() {
    const firsts = [];
    const [first, last] = this.#rows.range();
    for (let one = first; one < last; one = this.#rows.sharing(one)[1]) firsts.push(one);
    return firsts;
  }

  /** @param {Firing} firing */
  #changed(firing) {
    const firsts = new Set(this.#growing);
    for (const request of firing.changed) {
      if (this.#rows.visible(request)) firsts.add(this.#rows.sharing(request)[0]);
    }
    return firsts;
  }

  /** What stands for all on its row of pixels: one that failed, or the first. @type {ShownOf} */
  #shown(firing, request) {
    const [first, last] = this.#rows.sharing(request);
    for (let one = first; firing.failed && one < last; one++) if (firing.error[one]) return one;
    return first;
  }

  /** @type {DrawBar} */
  #bar(firing, request, { span: [from_ms, to_ms], selection, faint, now_ms }, paints) {
    const { context } = this;
    const { width } = this.canvas;
    const [top, height] = this.#rows.bar(request);
    const x = (/** @type {number} */ ms) =>
      Math.round(((ms - from_ms) / (to_ms - from_ms)) * width);
    context.clearRect(0, top, width, height);
    context.globalAlpha = faint || !firing.isWithin(selection, request) ? FAINT : 1;
    let tip = 0;
    eachSegment(firing, request, now_ms, (segment, from, to) => {
      const left = x(from);
      tip = Math.max(x(to), left + 1);
      context.fillStyle = paints[segment];
      context.fillRect(left, top, tip - left, height);
    });
    this.painted.bars++;
    if (firing.state[request] === BEGUN) this.#grow(request, tip, top, height, paints.view);
    else this.#growing.delete(request);
    if (firing.state[request] === FINISHED && firing.error[request] && tip >= 0) {
      this.#mark(tip, top, height, paints.error);
    }
  }

  /** Something moves there. @type {(request: number, tip: number, top: number, height: number, paint: string) => void} */
  #grow = (request, tip, top, height, paint) => {
    this.#growing.add(request);
    const wide = Math.min(TIP * this.#ratio, tip);
    this.context.fillStyle = paint;
    this.context.fillRect(tip - wide, top, wide, height);
  };

  /** ✕ at the end of a bar; never a colour alone. @type {(tip: number, top: number, height: number, paint: string) => void} */
  #mark = (tip, top, height, paint) => {
    const { context } = this;
    const half = Math.max(Math.min(height, MARK * this.#ratio) / 2, this.#ratio);
    const across = Math.min(Math.max(tip - half, half), this.canvas.width - half);
    const middle = top + height / 2;
    context.strokeStyle = paint;
    context.lineWidth = Math.max(1.5 * this.#ratio, 1);
    context.beginPath();
    for (const up of [half, -half]) {
      context.moveTo(across - half, middle - up);
      context.lineTo(across + half, middle + up);
    }
    context.stroke();
  };
}
