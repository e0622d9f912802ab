/** How response times are distributed: in all (ECDF), and from lane to lane (shift). */

import { latencyMarks, latencySpan, ticks } from './axis.js';
import { binOf, edgeOf, percentile, pooled, totalOf } from './histogram.js';
import { drawPicture } from './plot.js';
import { laneTable } from './table.js';
import { duration } from './words.js';

const DECILES = [10, 20, 30, 40, 50, 60, 70, 80, 90];

/** Of each counted round of each lane. @type {(feed: Feed, selection: Chosen) => Uint32Array[][]} */
const histograms = ({ run, columns }, selection) =>
  run.lanes.map((_, lane) => columns.counted(lane).map((one) => one.within(selection).histogram));

/** @type {Draws} */
export const ecdf = (feed) => {
  const { lanes } = feed.run;
  let counts = /** @type {Uint32Array[]} */ ([]);
  let span = /** @type {Span} */ ([1, 1000]);
  let edges = /** @type {number[]} */ ([]);
  let shares = /** @type {number[][]} */ ([]);
  return {
    /** A lane's share of requests at or below each edge. */
    get model() {
      return { edges, shares };
    },
    get summary() {
      const parts = lanes.flatMap(({ letter }, lane) => {
        const [half, most] = [50, 95].map((one) => duration(percentile(counts[lane], one)));
        return half === '–' ? [] : [`${letter} half within ${half}, 95 % within ${most}`];
      });
      return parts.join(' · ') || 'nothing yet';
    },
    update({ selection }) {
      counts = histograms(feed, selection).map(pooled);
      span = latencySpan(lanes.flatMap((_, lane) => feed.columns.counted(lane)));
      const [first, last] = span.map(binOf);
      edges = Array.from({ length: last - first + 1 }, (_, i) => edgeOf(first + i));
      shares = counts.map((one) => {
        const total = totalOf(one);
        let below = totalOf(one.subarray(0, first));
        return edges.map((_, i) => {
          below += one[first + i];
          return total && below / total;
        });
      });
    },
    draw(context, box) {
      const [low, high] = span;
      const x = (/** @type {number} */ i) =>
        Math.min(Math.max(Math.log(edges[i] / low) / Math.log(high / low), 0), 1);
      drawPicture(context, box, lanes, {
        across: latencyMarks(span),
        up: [
          [0, '0'],
          [0.5, 'p50'],
          [0.95, 'p95'],
        ],
        lines: shares.map((of) => (of.at(-1) ? of.map((share, i) => [x(i), share]) : [])),
        letters: shares.map((of) =>
          of.at(-1) ? [x(of.findIndex((share) => share >= 0.5)), 0.5] : undefined,
        ),
      });
    },
    table: () =>
      laneTable(
        lanes,
        'response times by percentile, to half a percent',
        'Percentile',
        100,
        (row) => `p${row + 1}`,
        (lane, row) => duration(percentile(counts[lane], row + 1)),
      ),
  };
};

/**
 * How much later each decile comes than the baseline's. The bar about a point goes from the round
 * with the smallest difference to the one with the largest.
 * @type {Draws}
 */
export const shift = (feed) => {
  const { lanes } = feed.run;
  let selected = /** @type {Chosen} */ (null);
  /** Many percentiles: found only when somebody looks. @type {[number, number, number][][] | null} */
  let found = null;

  /** Of each lane, at each decile: the least, the pooled and the most difference. */
  const model = () => {
    if (found) return found;
    const all = histograms(feed, selected);
    const baseline = pooled(all[0]);
    found = all.map((rounds) => {
      const sum = pooled(rounds);
      return DECILES.map((decile) => {
        const each = rounds
          .map((one, i) => percentile(one, decile) - percentile(all[0][i] ?? baseline, decile))
          .filter((one) => !Number.isNaN(one));
        const shifted = percentile(sum, decile) - percentile(baseline, decile);
        return [Math.min(...each, shifted), shifted, Math.max(...each, shifted)];
      });
    });
    return found;
  };

  return {
    get model() {
      return model();
    },
    get summary() {
      const parts = model().flatMap((deciles, lane) => {
        const [, half] = deciles[4];
        if (!lane || Number.isNaN(half)) return [];
        const later = `${duration(Math.abs(half))} ${half < 0 ? 'sooner' : 'later'}`;
        return [`half of ${lanes[lane].letter} ${later} than ${lanes[0].letter}`];
      });
      return parts.join(' · ') || 'nothing to compare yet';
    },
    update({ selection }) {
      selected = selection;
      found = null;
    },
    draw(context, box) {
      const others = model().map((deciles, lane) =>
        lane ? deciles.filter((one) => !Number.isNaN(one[1])) : [],
      );
      const known = others.flat(2);
      const low = Math.min(0, ...known);
      const high = Math.max(0, ...known) || (low ? 0 : 1);
      const up = (/** @type {number} */ ms) => (ms - low) / (high - low);
      // Lanes stand a little beside one another.
      const x = (/** @type {number} */ lane, /** @type {number} */ i) =>
        (DECILES[i] + lane - 1) / 100;
      drawPicture(context, box, lanes, {
        across: DECILES.map((one) => [one / 100, `${one} %`]),
        up: ticks(high, 4, low).map((tick) => [up(tick), tick ? duration(tick) : '0']),
        lines: others.map((deciles, lane) => deciles.map(([, one], i) => [x(lane, i), up(one)])),
        bars: others.flatMap((deciles, lane) =>
          deciles.map(([least, , most], i) => [lane, x(lane, i), up(least), up(most)]),
        ),
      });
    },
    table: () =>
      laneTable(
        lanes,
        `difference to ${lanes[0].name} at each decile, and from round to round`,
        'Decile',
        DECILES.length,
        (row) => `${DECILES[row]} %`,
        (lane, row) => {
          const [least, shifted, most] = model()[lane][row].map(duration);
          return `${shifted} (${least} to ${most})`;
        },
      ),
  };
};
