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

export class Panel {
  /**
   * @param {HTMLElement} root
   * @param {Feed} feed
   * @param {() => void} changed another tab is in front, or a table is shown
   */
  constructor(root, feed, changed) {
    this.feed = feed;
    this.overTime = feed.run.lanes.map(() => new OverTime());
    this.charts = findAll('[data-chart]', root).map(
      (figure) => new Chart(figure, feed, this.overTime),
    );
    this.tabs = findAll('[role=tab]', root);
    root.addEventListener('click', (event) => {
      const tab = hit(event, '[role=tab]');
      if (tab) this.choose(tab);
      const button = hit(event, '[data-as-table]');
      const figure = button?.closest('figure');
      if (button && figure) find('.as-table', figure).hidden = !press(button);
      changed();
    });
    root.addEventListener('keydown', (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const at = this.tabs.indexOf(/** @type {HTMLElement} */ (event.target));
      if (!by || at < 0) return;
      this.choose(this.tabs[(at + by + this.tabs.length) % this.tabs.length]).focus();
      changed();
    });
  }

  /** @param {HTMLElement} chosen */
  choose(chosen) {
    for (const tab of this.tabs) {
      tab.ariaSelected = String(tab === chosen);
      tab.tabIndex = tab === chosen ? 0 : -1;
      find(`#${tab.getAttribute('aria-controls')}`).hidden = tab !== chosen;
    }
    return chosen;
  }

  /** Count what has come: a little with each frame, so that no redraw has much to do. @param {Shown} shown */
  count({ round, span }) {
    this.overTime.forEach((one, lane) => {
      one.take(this.feed.columns.firing(lane, round), span);
    });
  }

  /** @type {DrawShown} */
  draw(shown, ratio) {
    this.count(shown);
    for (const chart of this.charts) chart.draw(shown, ratio);
  }

  get models() {
    return Object.fromEntries(this.charts.map(({ name, drawing }) => [name, drawing.model]));
  }

  /** What a lane's target bore at a moment. @type {ReadLoad} */
  read(lane, at_ms) {
    return this.charts.map(({ drawing }) => drawing.read?.(lane, at_ms) ?? '').filter(Boolean);
  }
}

class Chart {
  /** @param {HTMLElement} figure @param {Feed} feed @param {OverTime[]} overTime */
  constructor(figure, feed, overTime) {
    this.name = figure.dataset.chart ?? '';
    this.drawing = (KINDS[this.name] ?? line(this.name))(feed, overTime);
    this.canvas = find('canvas', figure);
    this.summary = find('.summary', figure);
    this.table = tableIn(find('.as-table', figure));
  }

  /** On a phone what is off screen is counted, not painted. @type {DrawShown} */
  draw(shown, ratio) {
    this.drawing.update(shown);
    const place = /** @type {HTMLElement} */ (this.canvas.parentElement);
    const { width, height, top, bottom } = place.getBoundingClientRect();
    if (!width) return; // behind another tab
    const { summary } = this.drawing;
    write(this.summary, summary);
    if (PHONE.matches && (bottom < 0 || top > innerHeight)) return;
    this.drawing.draw(prepare(this.canvas, width, height, ratio), inside(width, height));
    const key = JSON.stringify([shown.round, shown.selection, shown.span, summary]);
    this.table.draw(key, () => this.drawing.table());
  }
}
