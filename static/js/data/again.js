/**
 * A finished round once more, at half its speed: all lanes from the same moment, so that they race.
 *
 * Everything has arrived, so nothing is requested; the page works from its own data.
 */

import { BEGUN, FINISHED } from './columns.js';

export const SPEED = 0.5;

/** @type {PlayAgain} */
export function playAgain(feed, round, begin_ms) {
  const { run } = feed;
  const lanes = run.lanes.map((_, lane) => played(feed.columns.firing(lane, round)));
  const length_ms = Math.max(...run.lanes.map((_, lane) => feed.now(lane, round)));
  let at_ms = 0;
  return {
    run,
    round,
    columns: { firing: (lane, of) => (of === round ? lanes[lane]?.firing : undefined) },
    now: (lane) => Math.min(at_ms, feed.now(lane, round)),
    step(now_ms) {
      at_ms = SPEED * (now_ms - begin_ms);
      for (const lane of lanes) lane?.until(at_ms);
      return at_ms < length_ms;
    },
  };
}

/** A firing with the data of another, of which only what happened so far is known. @type {Played} */
function played(whole) {
  if (!whole) return undefined;
  const { stamps, state } = whole;
  const finished = [...state.keys()].filter((request) => state[request] === FINISHED);
  const by = (/** @type {Stamp} */ name) =>
    Uint32Array.from(finished).sort((a, b) => stamps[name][a] - stamps[name][b]);
  const [begins, ends] = [by('due'), by('done')];
  const progress = {
    state: new Uint8Array(state.length),
    changed: /** @type {number[]} */ ([]),
    begun: 0,
    finished: 0,
    failed: 0,
    cutOff: 0,
    reported_ms: 0,
  };
  const firing = /** @type {Firing} */ (Object.assign(Object.create(whole), progress));
  return {
    firing,
    until(at_ms) {
      firing.reported_ms = at_ms;
      for (; stamps.due[begins[firing.begun]] <= at_ms; firing.begun++) {
        firing.state[begins[firing.begun]] = BEGUN;
        firing.changed.push(begins[firing.begun]);
      }
      for (; stamps.done[ends[firing.finished]] <= at_ms; firing.finished++) {
        const request = ends[firing.finished];
        firing.state[request] = FINISHED;
        firing.changed.push(request);
        if (whole.error[request]) firing.failed++;
        else if (!whole.status[request]) firing.cutOff++;
      }
    },
  };
}
