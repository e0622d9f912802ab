/** An active run in words: state, progress, connection, milestones. */

import { announce, find, write } from '../shared/dom.js';
import { count, speed } from '../shared/format.js';
import { roundsOf } from './rounds.js';

/** @type {(stage: Stage) => Status} */
export function statusOf(stage) {
  const { root, lanes, feed, run } = stage;
  const place = find('#progress', root);
  const plan = place?.textContent ?? '';
  /** The state of each lane's server, and since when. @type {Target[]} */
  const targets = [];
  let firing = -1;
  let afterRounds = ''; // what is done with a lane that was measured

  /** @param {Target | undefined} target */
  const words = (target) => {
    if (!target) return 'starts next';
    const { state, word, since_ms } = target;
    if (state === 'ready') return 'ready, waiting for its turn';
    const counts = /starting$/.test(state) && !/\d s\b/.test(word); // a long start names its time
    return counts ? `${word}, ${seconds(performance.now() - since_ms)}` : word;
  };

  const starting = () => {
    const slow = run.lanes.findIndex((_, lane) => targets[lane]?.state !== 'ready');
    if (slow < 0) return 'starting the servers';
    const which = `server of lane ${slow + 1} of ${run.lanes.length}`;
    return `${which}: ${targets[slow] ? words(targets[slow]) : 'starting'}`;
  };

  const running = () => {
    if (afterRounds) return afterRounds;
    const { newestRound: round } = feed.columns;
    const of = `${roundsOf(stage, round)}${run.looks?.length ? ' or more' : ''}`;
    const lane = firing < 0 ? '' : ` · firing at ${run.lanes[firing].name}`;
    return (round ? `round ${round} of ${of}` : 'warming up') + lane;
  };

  const progress = () => {
    if (feed.problem) return `✕ ${feed.problem}`;
    if (feed.missing) return `fetching ${count(feed.missing)} samples`;
    if (stage.status === 'waiting') return waiting(run.id);
    if (stage.status === 'starting') return starting();
    if (stage.playing) return 'the same round again, at ½ of its speed';
    return stage.active ? running() : plan;
  };

  return {
    get waits() {
      return stage.status === 'starting';
    },

    handle({ event, lane, round, state, message, status, waited_s = 0 }) {
      if (['starting', 'target'].includes(event) && stage.status === 'waiting')
        stage.status = 'starting';
      if (event === 'target') {
        const before = targets[lane];
        const since_ms = performance.now() - 1000 * waited_s;
        targets[lane] = {
          state,
          word: message || state,
          since_ms: before?.state === state ? before.since_ms : since_ms,
        };
        if (state === 'inside') afterRounds = `${run.lanes[lane].name}: ${message}`;
      }
      if (event === 'fired') firing = -1;
      if (event === 'began') {
        stage.status = 'running';
        firing = lane;
        const begun = lanes.filter(({ position }) => feed.columns.firing(position, round));
        if (round && begun.length === 1)
          announce(`Round ${round} of ${roundsOf(stage, round)} begins.`);
      }
      if (event === 'finished') {
        stage.status = status;
        announce(`Run ${status}.`);
      }
    },

    show() {
      root.dataset.status = find('#state').dataset.status = stage.status;
      const state = stage.status === 'waiting' ? 'queued' : stage.status;
      write(find('#state'), run.replay ? `replay at ${speed(run.replay)}` : state);
      write(place, progress());
      const done = run.lanes
        .flatMap((_, lane) => feed.columns.counted(lane))
        .reduce((sum, { finished }) => sum + finished, 0);
      const bar = find('progress#progress-bar');
      const { newestRound, discarded } = feed.columns;
      const rounds = roundsOf(stage, newestRound) - discarded.size;
      bar.value = Math.min(done / (run.requests * rounds * run.lanes.length), 1) || 0; // no round yet
      bar.hidden = !stage.active;
      // Until its first request a figure shows the state of its server.
      for (const { model, summary, position } of lanes) {
        const target = targets[position];
        if (stage.status === 'starting' || (stage.active && !model.begun && target))
          write(summary, words(target));
      }
    },
  };
}

/** @param {string} run */
function waiting(run) {
  const place = Number(find(`#queue [data-run="${run}"]`)?.dataset.place ?? 0);
  if (place < 1) return 'queued';
  return place === 1 ? 'queued, next' : `queued behind ${place - 1} more`;
}

/** A time that passes: tenths of a second, so that its width stays. @param {number} ms */
const seconds = (ms) => `${(Math.max(ms, 0) / 1000).toFixed(1)} s`;

export const LATE_MS = 250;
const SHOWN_MS = 1000; // for how long a lag is shown after it has passed
let lag_ms = 0;
let late_ms = Number.NEGATIVE_INFINITY; // when it was last observed

/** Connected or not, and how far the drawing is behind, if it is. @type {ShowConnection} */
export function showConnection({ state, lastMessage_ms }, stage) {
  const now_ms = performance.now();
  const age_ms = stage?.feed.lag.age_ms(now_ms) ?? 0;
  if (age_ms > LATE_MS) {
    lag_ms = now_ms - late_ms < SHOWN_MS ? Math.max(lag_ms, age_ms) : age_ms;
    late_ms = now_ms;
  }
  const behind = now_ms - late_ms < SHOWN_MS ? `live, ${seconds(lag_ms)} behind` : 'live';
  const age_s = Math.floor((now_ms - lastMessage_ms) / 1000);
  const lost = `reconnecting, last data ${age_s} s ago`;
  find('#connection').dataset.state = state;
  document.body.classList.toggle('stale', state === 'lost');
  write(find('#connection-text'), { live: behind, lost }[state] ?? state);
}
