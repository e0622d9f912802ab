/** The panel below the waterfalls: its tabs, and the charts in them. */

import { Ecdf, Heat } from './distribution.js';
import { Lines } from './lines.js';
import { prepare } from './plot.js';
import { Table } from './table.js';

/** A phone has one column, and less to paint with. */
export const PHONE = matchMedia('(max-width: 700px)');

/** @import { Feed } from './feed.js' */
/** @import { Selection } from './selection.js' */
/** @typedef {{round: number, end_ms: number, browser_ms: number, selection: Selection}} Shown */
/** @typedef {{context: CanvasRenderingContext2D, width: number, height: number}} Canvas */

export class Panel {
  /**
   * @param {HTMLElement} root
   * @param {Feed} feed
   * @param {() => void} changed another tab is in front, or a table is shown
   */
  constructor(root, feed, changed) {
    this.root = root;
    const figures = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll('[data-chart]'));
    this.charts = [...figures].map((figure) => new Chart(figure, feed));
    this.tabs = /** @type {HTMLElement[]} */ ([...root.querySelectorAll('[role=tab]')]);
    root.addEventListener('click', ({ target }) => {
      const element = /** @type {Element} */ (target);
      const tab = this.tabs.find((one) => one === element.closest('[role=tab]'));
      if (tab) this.choose(tab);
      if (element.matches('[data-as-table]')) {
        const table = /** @type {HTMLElement} */ (
          element.closest('figure')?.querySelector('.as-table')
        );
        table.hidden = !table.hidden;
        element.setAttribute('aria-pressed', String(!table.hidden));
      }
      changed();
    });
    root.addEventListener('keydown', (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const at = this.tabs.indexOf(/** @type {HTMLElement} */ (event.target));
      if (!by || at < 0) return;
      const tab = this.tabs[(at + by + this.tabs.length) % this.tabs.length];
      this.choose(tab);
      tab.focus();
      changed();
    });
  }

  /** @param {HTMLElement} chosen */
  choose(chosen) {
    for (const tab of this.tabs) {
      tab.setAttribute('aria-selected', String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      const id = tab.getAttribute('aria-controls') ?? '';
      /** @type {HTMLElement} */ (document.getElementById(id)).hidden = tab !== chosen;
    }
  }

  /** @param {Shown} shown @param {number} ratio */
  draw(shown, ratio) {
    for (const chart of this.charts) chart.draw(shown, ratio);
  }

  /** What each chart draws, for tests. */
  get models() {
    return Object.fromEntries(this.charts.map(({ name, drawing }) => [name, drawing.model]));
  }

  /** What a lane's target bore at a moment. @param {number} lane @param {number} at_ms */
  read(lane, at_ms) {
    return this.charts.map(({ drawing }) => drawing.read(lane, at_ms)).filter(Boolean);
  }
}

class Chart {
  /** @param {HTMLElement} figure @param {Feed} feed */
  constructor(figure, feed) {
    this.name = figure.dataset.chart ?? '';
    const Kind = { ecdf: Ecdf, heat: Heat }[this.name];
    this.drawing = Kind ? new Kind(feed) : new Lines(feed, this.name);
    this.figure = figure;
    this.canvas = /** @type {HTMLCanvasElement} */ (figure.querySelector('canvas'));
    this.summary = /** @type {HTMLElement} */ (figure.querySelector('[data-summary]'));
    this.table = new Table(/** @type {HTMLElement} */ (figure.querySelector('.as-table')));
  }

  /** On a phone what is off screen is counted, not painted. @param {Shown} shown @param {number} ratio */
  draw(shown, ratio) {
    this.drawing.update(shown);
    const { summary } = this.drawing;
    if (this.summary.textContent !== summary) this.summary.textContent = summary;
    const { width, height, top, bottom } = this.canvas.parentElement?.getBoundingClientRect() ?? {};
    if (!width || !height) return;
    if (PHONE.matches && (Number(bottom) < 0 || Number(top) > innerHeight)) return;
    this.drawing.draw({ context: prepare(this.canvas, width, height, ratio), width, height });
    this.table.draw(JSON.stringify([shown.round, shown.selection, summary]), () =>
      this.drawing.table(),
    );
  }
}
