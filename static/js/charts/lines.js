/** Lines over time, one per lane: counts of requests, and the load of each target. */

import { median } from '../data/histogram.js';
import { count, duration } from '../shared/format.js';
import { axisEnd, tickName, ticks } from './axis.js';
import { COLUMNS, FOLD, loadOverTime } from './over-time.js';
import { drawPicture, timeMarks } from './plot.js';

const FEWER = 3; // stretches in one of a rate or a median: or they are noise
const TICKS = 4;

/** @type {Record<string, LineSpec>} */
export const LINES = {
  inFlight: { word: 'in flight', say: count },
  throughput: {
    word: 'done',
    say: (value) => `${count(Math.round(value))}/s`,
    name: (tick) => `${count(tick)}/s`,
  },
  latency: { word: 'median', say: duration, name: tickName },
  threads: { word: 'threads', say: count, health: 'threads' },
  inApp: { word: 'in the application', say: count, health: 'in_app' },
  inView: { word: 'in the view', say: count, health: 'in_view' },
  loopLag: { word: 'loop lag', say: duration, name: tickName, health: 'loop_lag' },
  cpu: { word: 'CPU', say: (percent) => `${percent.toFixed(0)} %`, health: 'cpu' },
  rss: { word: 'RSS', say: (megabytes) => `${megabytes.toFixed(0)} MB`, health: 'rss' },
};

/** @type {LineOf} */
export function line(kind, feed, overTime) {
  const { word, say, health, name } = LINES[kind];
  const { lanes } = feed.run;
  const points = health || kind === 'inFlight' ? COLUMNS + 1 : COLUMNS / FEWER + 1;
  let span = /** @type {Span} */ ([0, 1]);
  let model = /** @type {Values[]} */ ([]);

  const timeOf = (/** @type {number} */ point) =>
    span[0] + (point / (points - 1)) * (span[1] - span[0]);

  /** @type {(firing: Firing, lane: number, now_ms: number) => Values} */
  const valuesOf = (firing, lane, now_ms) => {
    if (health) return loadOverTime(firing, health, span, points);
    const one = overTime[lane];
    if (kind === 'inFlight') return one.inFlight(now_ms);
    const per_s = 1000 / (timeOf(1) - timeOf(0));
    // One stretch more at the end: the line comes down to 0.
    const ahead = firing.finished < firing.begun ? 1 : 2;
    return Array.from({ length: points }, (_, point) => {
      const last = point * FEWER;
      if (!point || timeOf(point - ahead) > now_ms) return null;
      if (kind === 'latency') return median(one.times(last - FEWER, last), FOLD);
      return one.ended.slice(last - FEWER + 1, last + 1).reduce((a, b) => a + b) * per_s;
    });
  };

  const highest = () => model.map((values) => Math.max(0, ...values.map((one) => one || 0)));
  const known = (/** @type {number | null | undefined} */ value) =>
    value === null || value === undefined || Number.isNaN(value) ? '' : say(value);

  return {
    get model() {
      return model;
    },
    get summary() {
      const most = highest();
      const parts = lanes.flatMap(({ letter }, i) =>
        most[i] ? [`${letter} ${say(most[i])}`] : [],
      );
      return parts.length ? `at most ${parts.join(' · ')}` : 'nothing yet';
    },
    update({ round, span: now, browser_ms, selection }) {
      span = now;
      model = lanes.map((_, lane) => {
        const firing = feed.columns.firing(lane, round);
        const values = firing ? valuesOf(firing, lane, feed.now(lane, round, browser_ms)) : [];
        const [from, to] = selection ?? span;
        return values.map((one, i) => (timeOf(i) < from || timeOf(i) > to ? null : one));
      });
    },
    read(lane, at_ms) {
      const point = Math.round(((at_ms - span[0]) / (span[1] - span[0])) * (points - 1));
      const said = known(model[lane]?.[point]);
      return said && `${word} ${said}`;
    },
    draw(context, box) {
      const end = axisEnd(1.05 * Math.max(...highest()));
      // What was counted since the instant before stands in the middle between the two.
      const back = health || kind === 'inFlight' ? 0 : 0.5;
      drawPicture(context, box, lanes, {
        across: timeMarks(span, box.width),
        up: ticks(end, TICKS).map((tick) => [tick / end, name?.(tick, end) ?? say(tick)]),
        lines: model.map((values) =>
          values.flatMap((value, i) =>
            known(value) ? [[Math.max(0, i - back) / (points - 1), Number(value) / end]] : [],
          ),
        ),
      });
    },
  };
}
