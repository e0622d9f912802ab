/** A chart's canvas: a box with axes and lines. CSS pixels. */

import { tickName, ticks } from './axis.js';
import { colour, DASHES, MARKS } from './theme.js';

export const MARGIN = { left: 56, right: 20, top: 14, bottom: 24 };
const LABEL_WIDTH = 64;
const LETTER = 14;
const MARKS_PER_LINE = 4;

/** @param {Span} span @param {number} width @returns {Marks} */
export function timeMarks([from_ms, to_ms], width) {
  const most = Math.max(2, Math.floor(width / LABEL_WIDTH));
  return ticks(to_ms, most, from_ms).map((tick) => [
    (tick - from_ms) / (to_ms - from_ms),
    tickName(tick, to_ms),
  ]);
}

export class Plot {
  /**
   * Fits and clears the canvas.
   * @param {HTMLCanvasElement} canvas
   * @param {{width: number, height: number}} size
   * @param {number} ratio device pixels per CSS pixel
   * @param {typeof MARGIN} margin around the box
   */
  constructor(canvas, { width, height }, ratio, { left, right, top, bottom } = MARGIN) {
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const { fontSize, fontFamily } = getComputedStyle(canvas);
    context.font = `${fontSize} ${fontFamily}`;
    this.context = context;
    this.ratio = ratio;
    this.left = left;
    this.top = top;
    this.width = width - left - right;
    this.height = height - top - bottom;
    this.end = width; // of labels
  }

  /** Grid lines with labels below and to the left. @param {Marks} across @param {Marks} up */
  axes(across, up) {
    const { context, ratio, left, top, width, height, end } = this;
    const snap = (/** @type {number} */ at) => Math.round(at * ratio) / ratio; // for sharp lines
    const [line, text] = [colour('--grid'), colour('--muted')];
    context.textBaseline = 'middle';
    context.textAlign = 'right';
    for (const [share, label] of up) {
      const y = snap(top + height * (1 - share));
      context.fillStyle = line;
      context.fillRect(left, y, width, 1 / ratio);
      context.fillStyle = text;
      context.fillText(label, left - 6, y);
    }
    context.textBaseline = 'top';
    context.textAlign = 'left';
    for (const [share, label] of across) {
      const x = snap(left + share * width);
      context.fillStyle = line;
      context.fillRect(Math.min(x, left + width - 1 / ratio), top, 1 / ratio, height);
      context.fillStyle = text;
      const { width: wide } = context.measureText(label);
      context.fillText(label, Math.min(Math.max(x - wide / 2, 0), end - wide), top + height + 5);
    }
  }

  /** A line per lane with its letter at the end. @param {LaneData[]} lanes @param {Point[][]} lines */
  lines(lanes, lines) {
    const { context, left, top, width, height } = this;
    const marks = /** @type {{x: number, y: number, lane: number, paint: string}[]} */ ([]);
    const ends = lines.flatMap((line, lane) => {
      const { letter, family } = lanes[lane];
      const paint = colour(`--${family}`);
      context.strokeStyle = paint;
      context.lineWidth = 2;
      context.setLineDash(DASHES[lane]);
      context.beginPath();
      const points = line.map(([x, y]) => ({ x: left + x * width, y: top + (1 - y) * height }));
      for (const { x, y } of points) context.lineTo(x, y);
      context.stroke();
      for (const place of markPlaces(points, (lane + 0.5) / lanes.length))
        marks.push({ ...place, lane, paint });
      return points.slice(-1).map((end) => ({ ...end, letter, paint }));
    });
    this.#marks(marks);
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.font = `bold ${context.font}`;
    context.strokeStyle = colour('--surface');
    context.lineWidth = 4;
    context.setLineDash([]);
    for (const { letter, paint, x, y } of spread(ends)) {
      context.strokeText(letter, x, y);
      context.fillStyle = paint;
      context.fillText(letter, x, y);
    }
  }

  /** @param {{x: number, y: number, lane: number, paint: string}[]} marks */
  #marks(marks) {
    const { context } = this;
    context.setLineDash([]);
    context.strokeStyle = colour('--surface');
    context.lineWidth = 3;
    for (const { x, y, lane, paint } of marks) {
      const shape = new Path2D(MARKS[lane]);
      context.save();
      context.translate(x, y);
      context.stroke(shape);
      context.fillStyle = paint;
      context.fill(shape);
      context.restore();
    }
  }
}

/**
 * Where a line's marks are: at the same distances along it, for each lane elsewhere.
 * @template {{x: number, y: number}} T
 * @param {T[]} points @param {number} offset 0 to 1
 */
export function markPlaces(points, offset) {
  let length = 0;
  const along = points.map(({ x, y }, i) => {
    if (i) length += Math.hypot(x - points[i - 1].x, y - points[i - 1].y);
    return length;
  });
  const places = /** @type {T[]} */ ([]);
  for (let mark = 0; mark < MARKS_PER_LINE && points.length; mark++) {
    const wanted = ((mark + offset) / MARKS_PER_LINE) * length;
    places.push(points[along.findIndex((at) => at >= wanted)]);
  }
  return places;
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
