/** What a target bore over time, from its health: the reasons for what the waterfall shows. */

/** @import { Firing, Health } from './columns.js' */
/** @typedef {'in_app' | 'in_view' | 'threads' | 'rss' | 'loop_lag' | 'cpu'} Measure */

const NS_PER_MS = 1e6;
const HOLDS_MS = 250; // a report holds for five of its periods, no longer

/**
 * At each of `points` instants from 0 to `end_ms`: the sum over a target's processes, of the
 * loop's lag the worst, of the CPU the share of one core since the report before, in percent.
 * @param {Firing} firing
 * @param {Measure} measure
 * @param {number} end_ms
 * @param {number} points
 * @returns {(number | null)[]} null where nothing is known
 */
export function loadOverTime(firing, measure, end_ms, points) {
  const found = /** @type {(number | null)[]} */ (new Array(points).fill(null));
  for (const reports of byProcess(firing.health, measure).values()) {
    reports.forEach(([at_ms, value], i) => {
      const until_ms = Math.min(reports[i + 1]?.[0] ?? at_ms + HOLDS_MS, at_ms + HOLDS_MS);
      const first = Math.max(Math.ceil((at_ms / end_ms) * (points - 1)), 0);
      for (let n = first; n < points && (n * end_ms) / (points - 1) < until_ms; n++) {
        const before = found[n] ?? 0;
        found[n] = measure === 'loop_lag' ? Math.max(before, value) : before + value;
      }
    });
  }
  return found;
}

/** @param {Health[]} health @param {Measure} measure */
function byProcess(health, measure) {
  const found = /** @type {Map<number, [at_ms: number, value: number][]>} */ (new Map());
  const last = /** @type {Map<number, Health>} */ (new Map());
  for (const report of [...health].sort((one, other) => one.at - other.at)) {
    if (report[measure] < 0) continue;
    const before = last.get(report.process);
    last.set(report.process, report);
    let value = report[measure];
    if (measure === 'loop_lag') value /= NS_PER_MS;
    if (measure === 'cpu') {
      if (!before || before.at === report.at) continue;
      value = (100 * (report.cpu - before.cpu)) / (report.at - before.at);
    }
    const reports = found.get(report.process) ?? [];
    reports.push([report.at / NS_PER_MS, value]);
    found.set(report.process, reports);
  }
  return found;
}
