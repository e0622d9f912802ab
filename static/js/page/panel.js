/** The charts over time: those of the panel, and all lanes in one. */

import { line } from '../charts/lines.js';
import { OverTime } from '../charts/over-time.js';
import { Plot } from '../charts/plot.js';
import { find, findAll, PHONE, write } from '../shared/dom.js';

/** @type {PanelIn} */
export function panelIn(root, feed) {
  const overTime = feed.run.lanes.map(() => new OverTime());
  const charts = findAll('[data-chart]:has(canvas)', root).map((figure) => {
    const name = figure.dataset.chart ?? '';
    return { name, figure, drawing: line(name, feed, overTime) };
  });

  /** @param {Shown} shown */
  const count = ({ round, span }) =>
    overTime.forEach((requests, lane) => {
      requests.take(feed.columns.firing(lane, round), span);
    });

  return {
    count,
    draw(shown, ratio) {
      count(shown);
      for (const { figure, drawing } of charts) {
        drawing.update(shown);
        const size = find('.chart', figure).getBoundingClientRect();
        if (!size.width) continue; // in another tab
        write(find('.summary', figure), drawing.summary);
        // On a phone, charts off screen are not painted, except for paper.
        const seen = size.bottom > 0 && size.top < innerHeight;
        if (PHONE.matches && !seen && !root.closest('.on-paper')) continue;
        drawing.draw(new Plot(find('canvas', figure), size, ratio));
      }
    },
    get models() {
      return Object.fromEntries(charts.map(({ name, drawing }) => [name, drawing.model]));
    },
    read: (lane, at_ms) =>
      charts.flatMap(({ drawing }) => {
        const value = drawing.read(lane, at_ms);
        return value ? [`${drawing.word} ${value}`] : [];
      }),
    valuesAt(name, at_ms) {
      const chart = charts.find((chart) => chart.name === name);
      return feed.run.lanes.map(({ letter, family }, lane) => {
        return { letter, family, value: chart?.drawing.read(lane, at_ms) ?? '' };
      });
    },
  };
}
