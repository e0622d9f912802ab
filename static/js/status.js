/** What the page says in words: state, progress, connection, milestones. */

import { announce, find, make, write } from './dom.js';
import { count } from './words.js';

const OVER = ['finished', 'stopped', 'failed', 'interrupted'];

/** @type {(stage: Stage) => Status} */
export function statusOf({ root, lanes, feed, run, kpi }) {
  /** What each lane's server does. @type {{state: string, word: string}[]} */
  const targets = [];
  let firing = -1;
  let now = run.status;

  const headline = () => {
    if (now === 'waiting') return 'Waiting in line: one run at a time has the machine to itself.';
    return now === 'starting' ? 'Starting the servers.' : kpi.sentence || 'Firing.';
  };

  const starting = () => {
    const slow = run.lanes.findIndex((_, lane) => targets[lane]?.state !== 'ready');
    if (slow < 0 || !targets.length) return 'starting the servers';
    const { name } = run.lanes[slow];
    return targets[slow] ? `${name}: ${targets[slow].word}` : `starting ${name}`;
  };

  const progress = () => {
    if (feed.problem) return `✕ ${feed.problem}`;
    if (feed.missing) return `${count(feed.missing)} samples being fetched`;
    if (now === 'waiting') return waiting(run.id);
    if (now === 'starting') return starting();
    if (OVER.includes(now)) {
      return `${run.load} · ${run.rounds} ${run.rounds === 1 ? 'round' : 'rounds'}`;
    }
    const round = feed.columns.newestRound;
    const of = run.rounds + feed.columns.discarded.size;
    const lane = firing < 0 ? '' : ` · firing at ${run.lanes[firing].name}`;
    return (round ? `round ${round} of ${of}` : 'warming up') + lane;
  };

  return {
    get status() {
      return now;
    },

    hear({ event, lane, round, state, message, status }) {
      if (['starting', 'target'].includes(event) && now === 'waiting') now = 'starting';
      if (event === 'target') targets[lane] = { state, word: message || state };
      if (event === 'fired') firing = -1;
      if (event === 'began') {
        now = 'running';
        firing = lane;
        const heard = lanes.filter(({ position }) => feed.columns.firing(position, round));
        if (round && heard.length === 1) announce(`Round ${round} of ${run.rounds} begins.`);
      }
      if (event === 'finished') {
        now = status;
        announce(`The run is over: ${status}.`);
      }
    },

    show() {
      const over = OVER.includes(now);
      root.dataset.status = find('#state').dataset.status = now;
      write(find('#state'), now);
      write(find('#progress'), progress());
      const done = run.lanes
        .flatMap((_, lane) => feed.columns.counted(lane))
        .reduce((sum, one) => sum + one.finished, 0);
      const bar = find('progress#progress-bar');
      bar.value = done / (run.requests * run.rounds * run.lanes.length);
      bar.hidden = over;
      if (over) return;
      sayWithNumbers(find('#headline'), headline());
      // Before the first request a figure says what its server does.
      for (const { model, summary, position } of lanes) {
        if (!model.begun && targets[position]) write(summary, targets[position].word);
      }
    },
  };
}

/** @param {string} run */
function waiting(run) {
  const place = Number(find(`#line [data-run="${run}"]`)?.dataset.place ?? 0);
  if (place < 1) return 'waits in line';
  return place === 1 ? 'next in line' : `waits in line: ${place - 1} more before it`;
}

/** @type {ShowConnection} */
export function showConnection(state, lastHeard_ms) {
  find('#connection').dataset.state = state;
  document.body.classList.toggle('stale', state === 'lost');
  const age_s = Math.floor((performance.now() - lastHeard_ms) / 1000);
  const lost = `reconnecting, last data ${age_s} s ago`;
  write(find('#connection-text'), state === 'lost' ? lost : state);
}

/** The sentence's numbers are large. @type {Write} */
function sayWithNumbers(place, text) {
  if (!place || place.textContent === text) return;
  const parts = text.split(/(\d+\.\d+ times)/);
  place.replaceChildren(...parts.map((part, i) => (i % 2 ? make('b', part) : part)));
}
