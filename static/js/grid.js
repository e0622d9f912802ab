/** What stands behind and above a waterfall's bars: the time axis, and theory's line. */

import { tickName, ticks } from './axis.js';
import { colour } from './theme.js';

const LABEL_WIDTH = 64; // CSS pixels that a tick's name may want

/**
 * @param {HTMLCanvasElement} canvas as large as the bars' canvas and the strip of names below
 * @param {number} plotHeight CSS pixels, of the bars alone
 * @param {number} axisEnd_ms
 * @param {number} ratio
 */
export function drawGrid(canvas, plotHeight, axisEnd_ms, ratio) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const width = canvas.width / ratio;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, canvas.height / ratio);
  context.font = `12px ${getComputedStyle(canvas).fontFamily}`;
  context.textBaseline = 'top';
  context.fillStyle = colour('--muted');
  const line = colour('--grid');
  for (const tick of ticks(axisEnd_ms, Math.max(2, Math.floor(width / LABEL_WIDTH)))) {
    const x = Math.round((tick / axisEnd_ms) * (width * ratio)) / ratio;
    vertical(context, Math.min(x, width - 1 / ratio), plotHeight, ratio, line);
    name(context, tickName(tick, axisEnd_ms), x, plotHeight + 5, width);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} height
 * @param {number} ratio
 * @param {string} paint
 */
function vertical(context, x, height, ratio, paint) {
  const text = context.fillStyle;
  context.fillStyle = paint;
  context.fillRect(x, 0, 1 / ratio, height);
  context.fillStyle = text;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {number} width
 */
function name(context, text, x, y, width) {
  const half = context.measureText(text).width / 2;
  context.fillText(text, Math.min(Math.max(x - half, 0), width - 2 * half), y);
}
