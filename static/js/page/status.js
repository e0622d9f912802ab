/** An active run in words: state, progress, connection, milestones. */

import { announce, find, write } from '../shared/dom.js';
import { count, speed } from '../shared/format.js';
import { roundsOf } from './rounds.js';

/** @type {(stage: Stage) => Status} */
export function statusOf(stage) {
  const { root, lanes, feed, run } = stage;
  const place = find('#progress', root);
  const plan = place?.textContent ?? '';
  /** The state of each lane's server. @type {{state: string, word: string}[]} */
  const targets = [];
  let firing = -1;

  const starting = () => {
    const slow = run.lanes.findIndex((_, lane) => targets[lane]?.state !== 'ready');
    if (slow < 0) return 'starting the servers';
    return `${run.lanes[slow].name}: ${targets[slow]?.word ?? 'starting'}`;
  };

  const running = () => {
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
    return stage.active ? running() : plan;
  };

  return {
    handle({ event, lane, round, state, message, status }) {
      if (['starting', 'target'].includes(event) && stage.status === 'waiting')
        stage.status = 'starting';
      if (event === 'target') targets[lane] = { state, word: message || state };
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
      bar.value = done / (run.requests * rounds * run.lanes.length);
      bar.hidden = !stage.active;
      // Until its first request a figure shows the state of its server.
      for (const { model, summary, position } of lanes) {
        if (stage.active && !model.begun && targets[position])
          write(summary, targets[position].word);
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

/** @type {ShowConnection} */
export function showConnection(state, lastMessage_ms) {
  find('#connection').dataset.state = state;
  document.body.classList.toggle('stale', state === 'lost');
  const age_s = Math.floor((performance.now() - lastMessage_ms) / 1000);
  const lost = `reconnecting, last data ${age_s} s ago`;
  write(find('#connection-text'), state === 'lost' ? lost : state);
}
