/** What all charts share: a box on a fitted canvas, and the axes around it. CSS pixels throughout. */

import { tickName, ticks } from './axis.js';
import { colour } from './theme.js';

/** @typedef {{left: number, top: number, width: number, height: number}} Box */
/** @typedef {[share: number, name: string][]} Marks where on an axis, and what stands there */

export const MARGIN = { left: 56, right: 20, top: 14, bottom: 24 };
const NAME_WIDTH = 64;

/**
 * The backing pixels are those of the screen; the canvas is empty then.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 * @param {number} ratio
 */
export function prepare(canvas, width, height, ratio) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.font = `12px ${getComputedStyle(canvas).fontFamily}`;
  return context;
}

/** @param {number} width @param {number} height @returns {Box} what the axes leave */
export function inside(width, height) {
  const { left, right, top, bottom } = MARGIN;
  return { left, top, width: width - left - right, height: height - top - bottom };
}

/** @param {number} end_ms @param {number} width @returns {Marks} */
export function timeMarks(end_ms, width) {
  const most = Math.max(2, Math.floor(width / NAME_WIDTH));
  return ticks(end_ms, most).map((tick) => [tick / end_ms, tickName(tick, end_ms)]);
}

/**
 * Lines from top to bottom, their names below.
 * @param {CanvasRenderingContext2D} context
 * @param {Box} box
 * @param {Marks} marks
 */
export function drawAcross(context, { left, top, width, height }, marks) {
  const ratio = context.getTransform().a;
  const line = colour('--grid');
  const text = colour('--muted');
  context.textBaseline = 'top';
  context.textAlign = 'left';
  for (const [share, name] of marks) {
    const x = Math.round((left + share * width) * ratio) / ratio;
    context.fillStyle = line;
    context.fillRect(Math.min(x, left + width - 1 / ratio), top, 1 / ratio, height);
    context.fillStyle = text;
    const half = context.measureText(name).width / 2;
    const from = Math.min(Math.max(x - half, 0), left + width - 2 * half + MARGIN.right * +!!left);
    context.fillText(name, from, top + height + 5);
  }
}

/**
 * Lines from left to right, their names before them.
 * @param {CanvasRenderingContext2D} context
 * @param {Box} box
 * @param {Marks} marks
 */
export function drawUp(context, { left, top, width, height }, marks) {
  const ratio = context.getTransform().a;
  const line = colour('--grid');
  const text = colour('--muted');
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  for (const [share, name] of marks) {
    const y = Math.round((top + height * (1 - share)) * ratio) / ratio;
    context.fillStyle = line;
    context.fillRect(left, y, width, 1 / ratio);
    context.fillStyle = text;
    context.fillText(name, left - 6, y);
  }
}

/**
 * Letters where lines end: moved up until none stands on another, with a halo against the lines.
 * @param {CanvasRenderingContext2D} context
 * @param {{letter: string, paint: string, x: number, y: number}[]} ends
 */
export function drawLetters(context, ends) {
  const placed = spread(ends);
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.font = context.font.replace(/^(bold )?/, 'bold ');
  context.strokeStyle = colour('--surface');
  context.lineWidth = 4;
  context.setLineDash([]);
  for (const { letter, paint, x, y } of placed) {
    context.strokeText(letter, x, y);
    context.fillStyle = paint;
    context.fillText(letter, x, y);
  }
}

const LETTER = 14;

/**
 * @template {{x: number, y: number}} End
 * @param {End[]} ends
 * @returns {End[]} beside its end each, none within a letter's size of another
 */
export function spread(ends) {
  const placed = /** @type {End[]} */ ([]);
  for (const end of [...ends].sort((a, b) => b.y - a.y)) {
    const x = end.x + LETTER / 2 + 2;
    let y = end.y - LETTER / 2;
    const hit = () =>
      placed.find((one) => Math.abs(one.x - x) < LETTER && Math.abs(one.y - y) < LETTER);
    for (let other = hit(); other; other = hit()) y = other.y - LETTER;
    placed.push({ ...end, x, y });
  }
  return placed;
}
