/** When requests were done, and after how long: one hue a lane, lightness only. */

import { latencyMarks, latencySpan } from './axis.js';
import { edgeOf } from './histogram.js';
import { COLUMNS, FOLD, HIGH } from './overtime.js';
import { drawAxes, snapper, timeMarks } from './plot.js';
import { familyColour } from './theme.js';
import { count, duration } from './words.js';

const ROWS = 16;
const SHADES = 24;
const LEAST = 0.2; // of the hue, in a cell that holds one request

/** @type {Draws} */
export const heat = (feed, overTime) => {
  const { lanes } = feed.run;
  let span = /** @type {Span} */ ([0, 1]);
  let latency = /** @type {Span} */ ([1, 1000]);
  /** A lane's counts, row by row of latency, each row over time. @type {Uint32Array[]} */
  let model = [];

  const timeOf = (/** @type {number} */ column) =>
    span[0] + ((span[1] - span[0]) * column) / COLUMNS;
  const most = () =>
    model.reduce((found, cells) => cells.reduce((a, b) => Math.max(a, b), found), 1);

  /** @type {(context: CanvasRenderingContext2D, box: Box, lane: number, scale: number) => void} */
  const drawCells = (context, { left, top, width, height }, lane, scale) => {
    const snap = snapper(context);
    const x = (/** @type {number} */ column) => snap(left + (column * width) / COLUMNS);
    const y = (/** @type {number} */ row) => snap(top + height * (1 - row / ROWS));
    const shades = Array.from({ length: SHADES }, (_, i) =>
      familyColour(lanes[lane].family, LEAST + ((1 - LEAST) * i) / (SHADES - 1)),
    );
    model[lane].forEach((n, cell) => {
      if (!n) return;
      const [row, column] = [Math.floor(cell / COLUMNS), cell % COLUMNS];
      context.fillStyle = shades[Math.round(Math.log1p(n) * scale)];
      context.fillRect(x(column), y(row + 1), x(column + 1) - x(column), y(row) - y(row + 1));
    });
  };

  return {
    get model() {
      return model;
    },
    get summary() {
      return `when requests were done, and after how long; the strongest cell holds ${count(most())}`;
    },
    update({ round, span: now, selection }) {
      span = now;
      const firings = lanes.map((_, lane) => feed.columns.firing(lane, round));
      latency = latencySpan(firings.filter((one) => one !== undefined));
      const scale = ROWS / Math.log(latency[1] / latency[0]);
      const rowOf = Array.from({ length: HIGH }, (_, i) => {
        const row = Math.floor(Math.log(edgeOf((i + 0.5) * FOLD) / latency[0]) * scale);
        return Math.min(Math.max(row, 0), ROWS - 1);
      });
      const [from_ms, to_ms] = selection ?? span;
      model = overTime.map(({ grid }) => {
        const cells = new Uint32Array(ROWS * COLUMNS);
        for (let column = 0; column < COLUMNS; column++) {
          const at_ms = timeOf(column + 0.5);
          if (at_ms < from_ms || at_ms >= to_ms) continue;
          for (let row = 0; row < HIGH; row++) {
            cells[rowOf[row] * COLUMNS + column] += grid[column * HIGH + row];
          }
        }
        return cells;
      });
    },
    read(lane, at_ms) {
      const column = Math.floor(((at_ms - span[0]) / (span[1] - span[0])) * COLUMNS);
      let done = 0;
      for (let row = 0; row < ROWS; row++) done += model[lane]?.[row * COLUMNS + column] ?? 0;
      return done ? `${count(done)} done here` : '';
    },
    draw(context, box) {
      drawAxes(context, box, timeMarks(span, box.width), []);
      const marks = latencyMarks(latency);
      const high = box.height / lanes.length;
      const every = high > 60 ? Math.ceil(marks.length / 4) : marks.length - 1;
      const up = marks.filter((_, i) => i % every === 0);
      lanes.forEach(({ letter, family }, lane) => {
        const band = { ...box, top: box.top + lane * high + 8, height: high - 16 };
        drawAxes(context, band, [], up);
        drawCells(context, band, lane, (SHADES - 1) / Math.log1p(most()));
        context.fillStyle = familyColour(family);
        context.textBaseline = 'middle';
        context.fillText(letter, box.left + box.width + 6, band.top + band.height / 2);
      });
    },
    table() {
      const full = model.flatMap((cells, lane) =>
        [...cells.keys()].filter((cell) => cells[cell]).map((cell) => [lane, cell]),
      );
      return {
        caption: 'requests done by time and latency',
        heads: ['Lane', 'Time from', 'Latency up to', 'Requests'],
        rows: full.length,
        cells: (row) => {
          const [lane, cell] = full[row];
          const share = (Math.floor(cell / COLUMNS) + 1) / ROWS;
          return [
            lanes[lane].name,
            duration(timeOf(cell % COLUMNS)),
            duration(latency[0] * (latency[1] / latency[0]) ** share),
            count(model[lane][cell]),
          ];
        },
      };
    },
  };
};
