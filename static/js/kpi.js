/** The table while the run goes on: the same cells that the server fills at its end. */

import { within } from './selection.js';
import { median, percentile, times } from './statistics.js';
import { count, duration } from './words.js';

/** @import { Feed } from './feed.js' */
/** @import { Firing } from './columns.js' */
/** @import { Selection } from './selection.js' */

const ABOUT_THE_SAME = 1.05; // below it a first look says no factor
const LARGE = 50_000; // samples whose sorting is noticed

export class Kpi {
  #numbers = /** @type {{version: string, p95: number}[]} */ ([]);
  #drawn_ms = 0;

  /** @param {Feed} feed */
  constructor(feed) {
    this.feed = feed;
    /** What the medians say so far. */
    this.sentence = '';
  }

  /**
   * Bring the cells up to date; the panel is found anew each time, since HTMX swaps it.
   * @param {HTMLElement} panel
   * @param {number} browser_ms
   * @param {boolean} active the server has not put its own numbers there yet
   * @param {Selection} selection
   */
  draw(panel, browser_ms, active, selection) {
    panel.classList.toggle('selected', Boolean(selection));
    const note = document.getElementById('selection');
    if (note) note.hidden = !selection;
    if (selection) return this.#selected(panel, selection);
    for (const cell of panel.querySelectorAll('[data-server]')) {
      cell.textContent = cell.getAttribute('data-server');
      cell.removeAttribute('data-server');
    }
    if (!active) return;
    const { columns, run } = this.feed;
    const lanes = run.lanes.map((_, lane) => columns.counted(lane));
    const samples = lanes.flat().reduce((sum, one) => sum + one.finished, 0);
    if (samples > LARGE && browser_ms - this.#drawn_ms < 1000) return;
    this.#drawn_ms = browser_ms;
    const rows = run.lanes.map((_, lane) => panel.querySelector(`tr[data-lane="${lane}"]`));
    lanes.forEach((firings, lane) => {
      if (firings.length) this.#row(rows[lane], firings, lane);
    });
    const middles = lanes.map((firings, lane) =>
      run.duration_s ? (this.#numbers[lane]?.p95 ?? Number.NaN) : this.#makespan_ms(firings),
    );
    this.sentence = sentence(run, middles);
    lanes.forEach(({ length }, lane) => {
      if (!length) return;
      const running = `${duration(this.feed.now(lane, 1, browser_ms))} …`;
      set(rows[lane], 'makespan', middles[lane] ? duration(middles[lane]) : running);
      const ratio = middles[lane] / middles[0];
      set(rows[lane], 'ratio', Number.isNaN(ratio) ? '–' : `${ratio.toFixed(2)}×`);
    });
  }

  /**
   * What was done in a stretch of every counted round; Esc brings back what stood there.
   * @param {HTMLElement} panel
   * @param {NonNullable<Selection>} selection
   */
  #selected(panel, selection) {
    const words = document.getElementById('selection-words');
    const stretch = selection.map(duration).join(' and ');
    if (words) words.textContent = `Selection: what was done between ${stretch} of each round`;
    this.feed.run.lanes.forEach((_, lane) => {
      const row = panel.querySelector(`tr[data-lane="${lane}"]`);
      for (const cell of row?.querySelectorAll('td:not([data-server])') ?? []) {
        cell.setAttribute('data-server', cell.textContent ?? '');
        cell.textContent = '–';
      }
      const firings = this.feed.columns.counted(lane);
      let [done, failed] = [0, 0];
      for (const firing of firings) {
        for (const request of firing.order.subarray(0, firing.finished)) {
          if (!within(selection, firing, request)) continue;
          done++;
          failed += firing.error[request] ? 1 : 0;
        }
      }
      fill(row, done, failed, times(firings, 'due', selection));
    });
  }

  /** The rows were replaced: fill them anew. */
  forget() {
    this.#numbers = [];
  }

  /** @param {Firing[]} firings */
  #makespan_ms(firings) {
    const whole = firings.filter((one) => one.finished >= this.feed.run.requests && !one.failed);
    return median(whole.map((one) => one.lastDone_ms));
  }

  /** @param {Element | null} row @param {Firing[]} firings @param {number} lane */
  #row(row, firings, lane) {
    const version = firings.map((one) => one.version).join();
    if (this.#numbers[lane]?.version === version) return;
    const sum = (/** @type {'finished' | 'failed' | 'lastDone_ms'} */ of) =>
      firings.reduce((total, one) => total + one[of], 0);
    const [done, failed] = [sum('finished'), sum('failed')];
    const response = times(firings, 'due');
    const p95 = percentile(response, 95);
    this.#numbers[lane] = { version, p95 };
    fill(row, done, failed, response);
    if (!this.feed.run.duration_s) return;
    set(
      row,
      'achieved',
      `${count(Math.round(((done - failed) * 1000) / sum('lastDone_ms')) || 0)}/s`,
    );
    set(row, 'service_p95', duration(percentile(times(firings, 'sent_first'), 95)));
  }
}

/**
 * The same words as dashboard/web/headline.py's, as soon as two lanes can be compared.
 * @param {{lanes: {name: string}[], duration_s: number | null}} run
 * @param {number[]} middles_ms
 */
export function sentence({ lanes, duration_s }, [baseline_ms, ...others_ms]) {
  const what = duration_s ? 'answers 95 % of its requests' : 'finishes the burst';
  const said = others_ms.map((middle_ms, i) => {
    const ratio = middle_ms / baseline_ms;
    if (!(ratio > 0)) return '';
    const factor = Math.max(ratio, 1 / ratio);
    const much = `${factor.toFixed(1)} times ${ratio < 1 ? 'sooner' : 'later'}`;
    return `${lanes[i + 1].name} ${what} ${factor < ABOUT_THE_SAME ? 'about as soon' : much}`;
  });
  const found = said.filter(Boolean);
  return found.length ? `So far, next to ${lanes[0].name}: ${found.join('; ')}.` : '';
}

/**
 * @param {Element | null} row
 * @param {number} done
 * @param {number} failed
 * @param {Float64Array} response
 */
function fill(row, done, failed, response) {
  set(row, 'requests', count(done));
  set(row, 'p50', duration(percentile(response, 50)));
  set(row, 'p95', duration(percentile(response, 95)));
  set(row, 'errors', failed ? `✕ ${count(failed)}` : '0');
}

/** @param {Element | null} row @param {string} name @param {string} text */
function set(row, name, text) {
  const cell = row?.querySelector(`[data-cell="${name}"]`);
  if (cell && cell.textContent !== text) cell.textContent = text;
}
