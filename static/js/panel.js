/** The panel below the waterfalls: its tabs, and the charts in them. */

import { ecdf, shift } from './distribution.js';
import { find, findAll, hit, PHONE, press, write } from './dom.js';
import { heat } from './heat.js';
import { line } from './lines.js';
import { OverTime } from './overtime.js';
import { inside, prepare } from './plot.js';
import { tableIn } from './table.js';

/** @type {Record<string, Draws>} */
const KINDS = { ecdf, shift, heat };

/** @type {PanelIn} */
export function panelIn(root, feed, changed) {
  const overTime = feed.run.lanes.map(() => new OverTime());
  const charts = findAll('[data-chart]', root).map((figure) => chartIn(figure, feed, overTime));
  const tabs = findAll('[role=tab]', root);

  /** @param {HTMLElement} chosen */
  const choose = (chosen) => {
    for (const tab of tabs) {
      tab.ariaSelected = String(tab === chosen);
      tab.tabIndex = tab === chosen ? 0 : -1;
      find(`#${tab.getAttribute('aria-controls')}`).hidden = tab !== chosen;
    }
  };

  root.addEventListener('click', (event) => {
    const tab = hit(event, '[role=tab]');
    if (tab) choose(tab);
    const button = hit(event, '[data-as-table]');
    const figure = button?.closest('figure');
    if (button && figure) find('.as-table', figure).hidden = !press(button);
    changed();
  });
  root.addEventListener('keydown', (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const at = tabs.indexOf(/** @type {HTMLElement} */ (event.target));
    if (!by || at < 0) return;
    const next = tabs[(at + by + tabs.length) % tabs.length];
    choose(next);
    next.focus();
    changed();
  });

  /** @param {Shown} shown */
  const take = ({ round, span }) =>
    overTime.forEach((one, lane) => {
      one.take(feed.columns.firing(lane, round), span);
    });

  return {
    count: take,
    draw(shown, ratio) {
      take(shown);
      for (const { draw } of charts) draw(shown, ratio);
    },
    get models() {
      return Object.fromEntries(charts.map(({ name, drawing }) => [name, drawing.model]));
    },
    read: (lane, at_ms) =>
      charts.map(({ drawing }) => drawing.read?.(lane, at_ms) ?? '').filter(Boolean),
  };
}

/** @type {ChartIn} */
const chartIn = (figure, feed, overTime) => {
  const name = figure.dataset.chart ?? '';
  const drawing = (KINDS[name] ?? line(name))(feed, overTime);
  const canvas = find('canvas', figure);
  const summary = find('.summary', figure);
  const table = tableIn(find('.as-table', figure));
  return {
    name,
    drawing,
    draw(shown, ratio) {
      drawing.update(shown);
      const { width, height, top, bottom } = find('.chart', figure).getBoundingClientRect();
      if (!width) return; // behind another tab
      write(summary, drawing.summary);
      // On a phone what is off screen is counted, not painted.
      if (PHONE.matches && (bottom < 0 || top > innerHeight)) return;
      drawing.draw(prepare(canvas, width, height, ratio), inside(width, height));
      const key = JSON.stringify([shown.round, shown.selection, shown.span, drawing.summary]);
      table.draw(key, () => drawing.table());
    },
  };
};
