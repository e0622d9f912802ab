/** One lane's waterfall: a bar per request; only changes are painted. */

import { BEGUN } from '../data/columns.js';
import { Rows } from './row-layout.js';
import { eachSegment } from './segments.js';

const FAINT = 0.35; // a previous round, or outside of the selection
const TIP = 2; // CSS pixels: the solid tip of a growing bar
const MARK = 9; // CSS pixels: an error's ✕, at most

/** @type {(canvas: HTMLCanvasElement) => Waterfall} */
export function waterfallOn(canvas) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const growing = /** @type {Set<number>} */ (new Set());
  const painted = { whole: 0, bars: 0 };
  let rows = new Rows({ requests: 1, height: 1, ratio: 1 });
  let ratio = 1;
  let drawn = '';

  /** @param {View} view */
  const begin = ({ requests, rows: range }) => {
    const { width, height } = canvas;
    context.clearRect(0, 0, width, height);
    rows = new Rows({ requests, height, ratio, rows: range });
    growing.clear();
    painted.whole++;
  };

  /** The first request of each row of pixels. */
  const all = () => {
    const firsts = [];
    const [first, last] = rows.range();
    for (let at = first; at < last; at = rows.sharing(at)[1]) firsts.push(at);
    return firsts;
  };

  /** @param {Firing} firing */
  const changed = (firing) => {
    const firsts = new Set(growing);
    for (const request of firing.changed) {
      if (rows.visible(request)) firsts.add(rows.sharing(request)[0]);
    }
    return firsts;
  };

  /** The request shown on a row of pixels: a failed one, or the first. @type {ShownOf} */
  const shown = (firing, request) => {
    const [first, last] = rows.sharing(request);
    for (let at = first; firing.failed && at < last; at++) if (firing.error[at]) return at;
    for (let at = first; at < last; at++) if (firing.state[at]) return at;
    return first;
  };

  /** @type {DrawBar} */
  const drawBar = (firing, request, { span, selection, faint, now_ms }, paints) => {
    const { width } = canvas;
    const [from_ms, to_ms] = span;
    const [top, height] = rows.bar(request);
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
    painted.bars++;
    growing.delete(request);
    if (firing.state[request] === BEGUN) {
      growing.add(request);
      const wide = Math.min(TIP * ratio, tip);
      context.fillStyle = paints.view;
      context.fillRect(tip - wide, top, wide, height);
    } else if (firing.error[request] && tip >= 0) mark(tip, top, height, paints.error);
  };

  /** ✕ at the end of a bar: errors have a shape, not only a colour. @type {Mark} */
  const mark = (tip, top, height, paint) => {
    const half = Math.max(Math.min(height, MARK * ratio) / 2, ratio);
    const across = Math.min(Math.max(tip - half, half), canvas.width - half);
    const middle = top + height / 2;
    context.strokeStyle = paint;
    context.lineWidth = Math.max(1.5 * ratio, 1);
    context.beginPath();
    for (const up of [half, -half]) {
      context.moveTo(across - half, middle - up);
      context.lineTo(across + half, middle + up);
    }
    context.stroke();
  };

  return {
    canvas,
    painted,
    resize(width, height, pixels) {
      canvas.width = Math.round(width * pixels);
      canvas.height = Math.round(height * pixels);
      ratio = pixels;
      drawn = '';
    },
    rowAt: (top) => (top * ratio + rows.offset) / rows.pitch,
    placeOf: (request) => {
      const [top, height] = rows.bar(request);
      return rows.visible(request) ? [top / ratio, height / ratio] : null;
    },
    draw(firing, name, view, paints) {
      const { now_ms: _, ...lasting } = view;
      const key = name + JSON.stringify(lasting);
      const whole = key !== drawn;
      drawn = key;
      if (whole) begin(view);
      if (!firing) return;
      const firsts = whole ? all() : changed(firing);
      firing.changed.length = 0;
      for (const first of firsts) {
        const request = shown(firing, first);
        // One that grew may have become unknown again, and is cleared.
        if (firing.state[request] || growing.delete(request))
          drawBar(firing, request, view, paints);
      }
    },
  };
}
