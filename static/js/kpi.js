/** The table while the run goes on: the same cells that the server fills at its end. */

import { find, findAll, write } from './dom.js';
import { median, percentile, pooled } from './histogram.js';
import { count, duration } from './words.js';

const ABOUT_THE_SAME = 1.05; // below it a first look says no factor

/** @type {(feed: Feed) => Kpi} */
export function kpiOf(feed) {
  const { run, columns } = feed;
  /** A lane's numbers; what it returns is what lanes are compared by. @type {DrawRow} */
  const drawRow = (row, lane, selection) => {
    const firings = columns.counted(lane);
    if (!firings.length && !selection) return Number.NaN;
    for (const cell of selection ? findAll('td:not([data-server])', row) : []) {
      cell.dataset.server = cell.textContent ?? '';
      write(cell, '–');
    }
    const parts = firings.map((one) => one.within(selection));
    const done = parts.reduce((sum, one) => sum + one.done, 0);
    const failed = parts.reduce((sum, one) => sum + one.failed, 0);
    const times = pooled(parts.map(({ histogram }) => histogram));
    const p95 = percentile(times, 95);
    set(row, 'requests', count(done));
    set(row, 'p50', duration(percentile(times, 50)));
    set(row, 'p95', duration(p95));
    set(row, 'errors', failed ? `✕ ${count(failed)}` : '0');
    if (!run.duration_s || selection) {
      const whole = firings.filter((one) => one.finished >= run.requests && !one.failed);
      return median(whole.map((one) => one.lastDone_ms));
    }
    const lasted_ms = firings.reduce((total, one) => total + one.lastDone_ms, 0);
    const per_s = ((done - failed) * 1000) / lasted_ms || 0;
    set(row, 'achieved', `${count(Math.round(per_s))}/s`);
    return p95;
  };

  const kpi = {
    sentence: '',
    /** The cells are found anew each time, since HTMX swaps them. @type {DrawKpi} */
    draw(panel, { selection, browser_ms }, active) {
      panel.classList.toggle('selected', Boolean(selection));
      find('#selection').hidden = !selection;
      const stretch = selection?.map(duration).join(' and ');
      write(find('#selection-words'), `Selection: what was done between ${stretch} of each round`);
      if (!selection) {
        for (const cell of findAll('[data-server]', panel)) {
          write(cell, cell.dataset.server ?? '');
          delete cell.dataset.server;
        }
        if (!active) return;
      }
      const rows = run.lanes.map((_, lane) => find(`tr[data-lane="${lane}"]`, panel));
      const middles_ms = rows.map((row, lane) => drawRow(row, lane, selection));
      if (selection) return;
      kpi.sentence = sentence(run, middles_ms);
      rows.forEach((row, lane) => {
        if (!columns.counted(lane).length) return;
        const running = `${duration(feed.now(lane, 1, browser_ms))} …`;
        set(row, 'makespan', middles_ms[lane] ? duration(middles_ms[lane]) : running);
        const ratio = middles_ms[lane] / middles_ms[0];
        set(row, 'ratio', Number.isNaN(ratio) ? '–' : `${ratio.toFixed(2)}×`);
      });
    },
  };
  return kpi;
}

/** As dashboard/web/headline.py says it, as soon as two lanes can be compared. @type {Sentence} */
function sentence({ lanes, duration_s }, [baseline_ms, ...others_ms]) {
  const what = duration_s ? 'answers 95 % of its requests' : 'finishes the burst';
  const said = others_ms.flatMap((middle_ms, i) => {
    const ratio = middle_ms / baseline_ms;
    if (!(ratio > 0)) return [];
    const factor = Math.max(ratio, 1 / ratio);
    const much = `${factor.toFixed(1)} times ${ratio < 1 ? 'sooner' : 'later'}`;
    return [`${lanes[i + 1].name} ${what} ${factor < ABOUT_THE_SAME ? 'about as soon' : much}`];
  });
  return said.length ? `So far, next to ${lanes[0].name}: ${said.join('; ')}.` : '';
}

/** @type {SetCell} */
const set = (row, name, text) => row && write(find(`[data-cell="${name}"]`, row), text);
