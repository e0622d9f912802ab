/** What the page says in words: state, progress, connection, milestones. */

import { announce, find, make, write } from './dom.js';
import { count } from './words.js';

const OVER = ['finished', 'stopped', 'failed', 'interrupted'];

export class Status {
  /** What each lane's server does. @type {Map<number, {state: string, word: string}>} */
  targets = new Map();
  firing = /** @type {number | null} */ (null);

  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.status = stage.run.status;
  }

  /** @param {any} event of the websocket */
  hear({ event, lane, round, state, message, status }) {
    const { run, feed, lanes } = this.stage;
    if (['starting', 'target'].includes(event) && this.status === 'waiting') {
      this.status = 'starting';
    }
    if (event === 'target') this.targets.set(lane, { state, word: message || state });
    if (event === 'fired') this.firing = null;
    if (event === 'began') {
      this.status = 'running';
      this.firing = lane;
      const heard = lanes.filter(({ position }) => feed.columns.firing(position, round));
      if (round && heard.length === 1) announce(`Round ${round} of ${run.rounds} begins.`);
    }
    if (event === 'finished') {
      this.status = status;
      announce(`The run is over: ${status}.`);
    }
  }

  /** Put it on the page. */
  show() {
    const { root, lanes, feed, run } = this.stage;
    const over = OVER.includes(this.status);
    root.dataset.status = find('#state').dataset.status = this.status;
    write(find('#state'), this.status);
    write(find('#progress'), this.#progress(over));
    const done = run.lanes
      .flatMap((_, lane) => feed.columns.counted(lane))
      .reduce((sum, one) => sum + one.finished, 0);
    const bar = find('progress#progress-bar');
    bar.value = done / (run.requests * run.rounds * run.lanes.length);
    bar.hidden = over;
    if (over) return;
    sayWithNumbers(find('#headline'), this.#headline());
    // Before the first request a figure says what its server does.
    for (const { model, summary, position } of lanes) {
      const word = this.targets.get(position)?.word;
      if (!model.begun && word) write(summary, word);
    }
  }

  #headline() {
    if (this.status === 'waiting')
      return 'Waiting in line: one run at a time has the machine to itself.';
    if (this.status === 'starting') return 'Starting the servers.';
    return this.stage.kpi.sentence || 'Firing.';
  }

  /** @param {boolean} over */
  #progress(over) {
    const { feed, run } = this.stage;
    if (feed.problem) return `✕ ${feed.problem}`;
    if (feed.missing) return `${count(feed.missing)} samples being fetched`;
    if (this.status === 'waiting') return waiting(run.id);
    if (this.status === 'starting') return this.#starting();
    if (over) return `${run.load} · ${run.rounds} ${run.rounds === 1 ? 'round' : 'rounds'}`;
    const round = feed.columns.newestRound;
    const of = run.rounds + feed.columns.discarded.size;
    const lane = this.firing === null ? '' : ` · firing at ${run.lanes[this.firing].name}`;
    return (round ? `round ${round} of ${of}` : 'warming up') + lane;
  }

  #starting() {
    const { run } = this.stage;
    const slow = run.lanes.findIndex((_, lane) => this.targets.get(lane)?.state !== 'ready');
    if (slow < 0 || !this.targets.size) return 'starting the servers';
    const word = this.targets.get(slow)?.word;
    return word ? `${run.lanes[slow].name}: ${word}` : `starting ${run.lanes[slow].name}`;
  }
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
