/** Where in the whole round the zoomed charts are: each lane's outline, and a window to be moved. */

import { colour } from './theme.js';

/** The outline of a lane's bars: where each row of pixels ends, at most. @type {OutlineOf} */
export function outline({ state, stamps }, requests, end_ms, { width, height }) {
  const points = /** @type {Point[]} */ ([]);
  for (let y = 0; y < height; y++) {
    let last_ms = Number.NaN;
    const next = Math.ceil(((y + 1) * requests) / height);
    for (let request = Math.floor((y * requests) / height); request < next; request++) {
      const done_ms = stamps.done[request];
      if (state[request] && !(done_ms <= last_ms) && !Number.isNaN(done_ms)) last_ms = done_ms;
    }
    if (!Number.isNaN(last_ms)) points.push([(last_ms / end_ms) * width, y + 0.5]);
  }
  return points;
}

/** @type {MinimapOn} */
export function minimapOn(canvas, stage) {
  const { view } = stage;

  const moveTo = (/** @type {PointerEvent} */ { offsetX, offsetY }) => {
    const [from_ms, to_ms] = view.span;
    const [first, last] = view.range;
    const at_ms = (offsetX / canvas.clientWidth) * view.end_ms;
    const row = (offsetY / canvas.clientHeight) * view.requests;
    if (view.move(at_ms - (from_ms + to_ms) / 2, row - (first + last) / 2)) stage.viewed();
  };
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    moveTo(event);
  });
  canvas.addEventListener('pointermove', (event) => event.buttons && moveTo(event));

  return {
    draw(round, ratio) {
      canvas.hidden = !view.active;
      if (!view.active) return;
      const { clientWidth: width, clientHeight: height } = canvas;
      const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
      canvas.width = width * ratio;
      canvas.height = height * ratio;
      context.scale(ratio, ratio);
      for (const { position, data } of stage.lanes) {
        const firing = stage.feed.columns.firing(position, round);
        if (!firing) continue;
        context.strokeStyle = colour(`--${data.family}`);
        context.lineWidth = 1.5;
        context.beginPath();
        for (const point of outline(firing, view.requests, view.end_ms, { width, height }))
          context.lineTo(...point);
        context.stroke();
      }
      const [left, right] = view.span.map((ms) => (ms / view.end_ms) * width);
      const [top, bottom] = view.range.map((row) => (row / view.requests) * height);
      const [wide, high] = [Math.max(right - left, 4), Math.max(bottom - top, 4)];
      context.fillStyle = context.strokeStyle = colour('--text');
      context.globalAlpha = 0.12;
      context.fillRect(left, top, wide, high);
      context.globalAlpha = 1;
      context.strokeRect(left + 0.75, top + 0.75, wide - 1.5, high - 1.5);
    },
  };
}
