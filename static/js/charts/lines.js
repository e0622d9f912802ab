/** Lines over time, one per lane: counts of requests, and the load of each target. */

import { median } from '../data/histogram.js';
import { count, duration } from '../shared/format.js';
import { axisEnd, tickName, ticks } from './axis.js';
import { COLUMNS, FINE, FOLD, loadOverTime } from './over-time.js';
import { timeMarks } from './plot.js';

const MERGED = 3; // stretches, for a rate or a median: each alone is noise
const TICKS = 4;

/** @type {Record<string, LineSpec>} */
export const LINES = {
  done: { word: 'done', format: count, points: FINE + 1 },
  inFlight: { word: 'in flight', format: count, points: COLUMNS + 1 },
  throughput: {
    word: 'throughput',
    format: (value) => `${count(Math.round(value))}/s`,
    label: (tick) => `${count(tick)}/s`,
  },
  latency: { word: 'median', format: duration, label: tickName },
  threads: { word: 'threads', format: count, health: 'threads' },
  inApp: { word: 'in the application', format: count, health: 'in_app' },
  inView: { word: 'in the view', format: count, health: 'in_view' },
  loopLag: { word: 'loop lag', format: duration, label: tickName, health: 'loop_lag' },
  cpu: { word: 'CPU', format: (percent) => `${percent.toFixed(0)} %`, health: 'cpu' },
  rss: { word: 'RSS', format: (mebibytes) => `${mebibytes.toFixed(0)} MiB`, health: 'rss' },
};

/** Why a chart is empty. @type {Nothing} */
function nothing(shown, loading, health) {
  if (loading) return 'loading…';
  if (shown?.selection) return 'nothing in the selection';
  if (health) return shown?.active ? 'no report yet' : 'not reported by these servers';
  return shown?.active ? 'no request finished yet' : 'no request finished';
}

/** @type {LineOf} */
export function line(kind, feed, overTime) {
  const {
    word,
    format,
    health,
    label,
    points = health ? COLUMNS + 1 : COLUMNS / MERGED + 1,
  } = LINES[kind];
  const { lanes } = feed.run;
  const counts = ['done', 'inFlight'].includes(kind); // at instants, not between them
  let span = /** @type {Span} */ ([0, 1]);
  let model = /** @type {Values[]} */ ([]);
  let shown = /** @type {Shown | undefined} */ (undefined);

  const timeOf = (/** @type {number} */ point) =>
    span[0] + (point / (points - 1)) * (span[1] - span[0]);

  /** @type {(firing: Firing, lane: number, now_ms: number) => Values} */
  const valuesOf = (firing, lane, now_ms) => {
    if (health) return loadOverTime(firing, health, span, points);
    const requests = overTime[lane];
    if (kind === 'done') return requests.doneBy(now_ms);
    if (kind === 'inFlight') return requests.inFlight(now_ms);
    const per_s = 1000 / (timeOf(1) - timeOf(0));
    // With one more stretch at the end, the line comes down to 0.
    const ahead = firing.finished < firing.begun ? 1 : 2;
    return Array.from({ length: points }, (_, point) => {
      const last = point * MERGED;
      if (!point || timeOf(point - ahead) > now_ms) return null;
      if (kind === 'latency') return median(requests.times(last - MERGED, last), FOLD);
      return requests.ended.slice(last - MERGED + 1, last + 1).reduce((a, b) => a + b) * per_s;
    });
  };

  const highest = () => model.map((values) => Math.max(0, ...values.map((value) => value || 0)));
  const words = (/** @type {number | null | undefined} */ value) =>
    value === null || value === undefined || Number.isNaN(value) ? '' : format(value);

  return {
    get model() {
      return model;
    },
    get summary() {
      const most = highest();
      const parts = lanes.flatMap(({ letter }, i) =>
        most[i] ? [`${letter} ${format(most[i])}`] : [],
      );
      return parts.length
        ? `max ${parts.join(' · ')}`
        : nothing(shown, feed.loading, Boolean(health));
    },
    update(now) {
      shown = now;
      const { round, selection } = now;
      span = now.span;
      model = lanes.map((_, lane) => {
        const firing = feed.columns.firing(lane, round);
        const values = firing ? valuesOf(firing, lane, feed.now(lane, round)) : [];
        const [from, to] = selection ?? span;
        return values.map((value, i) => (timeOf(i) < from || timeOf(i) > to ? null : value));
      });
    },
    word,
    read(lane, at_ms) {
      const point = Math.round(((at_ms - span[0]) / (span[1] - span[0])) * (points - 1));
      const value = model[lane]?.[point];
      const { lastDone_ms, finished } = feed.columns.firing(lane, shown?.round ?? 1) ?? {};
      const over = kind === 'done' && lastDone_ms && at_ms >= lastDone_ms;
      return words(over ? finished : value);
    },
    draw(plot) {
      const end = axisEnd(1.05 * Math.max(...highest()));
      // Counts between two instants are drawn in the middle.
      const back = health || counts ? 0 : 0.5;
      const up = ticks(end, TICKS).map((tick) => [tick / end, (label ?? format)(tick, end)]);
      plot.axes(timeMarks(span, plot.width), /** @type {Marks} */ (up));
      const lines = model.map((values) =>
        values.flatMap((value, i) =>
          words(value) ? [[Math.max(0, i - back) / (points - 1), Number(value) / end]] : [],
        ),
      );
      plot.lines(lanes, /** @type {Point[][]} */ (lines));
    },
  };
}
