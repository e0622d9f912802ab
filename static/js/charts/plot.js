/** Shared by all charts: a box on a canvas, axes, lines. CSS pixels. */

import { tickName, ticks } from './axis.js';
import { colour, DASHES } from './theme.js';

export const MARGIN = { left: 56, right: 20, top: 14, bottom: 24 };
const NAME_WIDTH = 64;
const LETTER = 14;

/** Fit and clear a canvas. @type {Prepare} */
export function prepare(canvas, width, height, ratio) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.font = `12px ${getComputedStyle(canvas).fontFamily}`;
  return context;
}

/** @type {Inside} */
export function inside(width, height) {
  const { left, right, top, bottom } = MARGIN;
  return { left, top, width: width - left - right, height: height - top - bottom };
}

/** @type {TimeMarks} */
export function timeMarks([from_ms, to_ms], width) {
  const most = Math.max(2, Math.floor(width / NAME_WIDTH));
  return ticks(to_ms, most, from_ms).map((tick) => [
    (tick - from_ms) / (to_ms - from_ms),
    tickName(tick, to_ms),
  ]);
}

/** To device pixels, for sharp lines. @param {CanvasRenderingContext2D} context */
export const snapper = (context) => {
  const ratio = context.getTransform().a;
  return (/** @type {number} */ at) => Math.round(at * ratio) / ratio;
};

/** Grid lines and their labels below and to the left. @type {DrawAxes} */
export function drawAxes(context, { left, top, width, height }, across, up) {
  const snap = snapper(context);
  const thin = 1 / context.getTransform().a;
  const [line, text] = [colour('--grid'), colour('--muted')];
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  for (const [share, name] of up) {
    const y = snap(top + height * (1 - share));
    context.fillStyle = line;
    context.fillRect(left, y, width, thin);
    context.fillStyle = text;
    context.fillText(name, left - 6, y);
  }
  context.textBaseline = 'top';
  context.textAlign = 'left';
  const end = left + width + (left && MARGIN.right);
  for (const [share, name] of across) {
    const x = snap(left + share * width);
    context.fillStyle = line;
    context.fillRect(Math.min(x, left + width - thin), top, thin, height);
    context.fillStyle = text;
    const { width: wide } = context.measureText(name);
    context.fillText(name, Math.min(Math.max(x - wide / 2, 0), end - wide), top + height + 5);
  }
}

/** Axes, and a line per lane with its letter at the end. @type {DrawPicture} */
export function drawPicture(context, box, lanes, { across, up, lines }) {
  drawAxes(context, box, across, up);
  const x = (/** @type {number} */ share) => box.left + share * box.width;
  const y = (/** @type {number} */ share) => box.top + (1 - share) * box.height;
  const ends = lines.flatMap((points, lane) => {
    const { letter, family } = lanes[lane];
    const paint = colour(`--${family}`);
    context.strokeStyle = paint;
    context.lineWidth = 2;
    context.setLineDash(DASHES[lane]);
    context.beginPath();
    for (const point of points) context.lineTo(x(point[0]), y(point[1]));
    context.stroke();
    const end = points.at(-1);
    return end ? [{ letter, paint, x: x(end[0]), y: y(end[1]) }] : [];
  });
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.font = context.font.replace(/^(bold )?/, 'bold ');
  context.strokeStyle = colour('--surface');
  context.lineWidth = 4;
  context.setLineDash([]);
  for (const end of spread(ends)) {
    context.strokeText(end.letter, end.x, end.y);
    context.fillStyle = end.paint;
    context.fillText(end.letter, end.x, end.y);
  }
}

/**
 * Move letters up from the ends of their lines until none covers another.
 * @template {{x: number, y: number}} T
 * @param {T[]} ends
 */
export function spread(ends) {
  const placed = /** @type {T[]} */ ([]);
  for (const end of [...ends].sort((a, b) => b.y - a.y)) {
    let x = end.x + LETTER / 2 + 2;
    let y = end.y - LETTER / 2;
    const near = () =>
      placed.find((end) => Math.abs(end.x - x) < LETTER && Math.abs(end.y - y) < LETTER);
    for (let other = near(); other; other = near()) {
      y = other.y - LETTER;
      if (y < LETTER / 2) [x, y] = [x + LETTER, end.y]; // no room above
    }
    placed.push({ ...end, x, y });
  }
  return placed;
}
