/** What the page says in words: state, progress, connection, milestones. */

import { count } from './words.js';

/** @import { Stage } from './stage.js' */

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

  get over() {
    return OVER.includes(this.status);
  }

  /** @param {any} event of the websocket */
  hear(event) {
    const { run } = this.stage;
    if (event.event === 'starting' && this.status === 'waiting') this.status = 'starting';
    if (event.event === 'target') this.#target(event);
    if (event.event === 'began') {
      this.status = 'running';
      this.firing = event.lane;
      if (event.round && event.lane === this.#first(event.round)) {
        announce(`Round ${event.round} of ${run.rounds} begins.`);
      }
    }
    if (event.event === 'fired') this.firing = null;
    if (event.event === 'finished') {
      this.status = event.status;
      this.stage.feed.over = true;
      announce(`The run is over: ${event.status}.`);
    }
  }

  /** @param {{lane: number, state: string, message?: string}} event */
  #target({ lane, state, message }) {
    if (this.status === 'waiting') this.status = 'starting';
    this.targets.set(lane, { state, word: message || state });
  }

  /** @param {number} round the lane that this round began with, the only one heard of */
  #first(round) {
    const began = this.stage.lanes.filter(({ position }) =>
      this.stage.feed.columns.firing(position, round),
    );
    return began.length === 1 ? began[0].position : -1;
  }

  /** Put it on the page. */
  show() {
    const state = byId('state');
    if (state && state.dataset.status !== this.status) {
      state.dataset.status = this.status;
      state.textContent = this.status;
      this.stage.root.dataset.status = this.status;
    }
    say('progress', this.#progress());
    const bar = /** @type {HTMLProgressElement | null} */ (byId('progress-bar'));
    if (bar) {
      bar.value = this.#done();
      bar.hidden = this.over;
    }
    if (this.over) return;
    sayWithNumbers('headline', this.#headline());
    this.#lanes();
  }

  #headline() {
    if (this.status === 'waiting')
      return 'Waiting in line: one run at a time has the machine to itself.';
    if (this.status === 'starting') return 'Starting the servers.';
    return this.stage.kpi.sentence || 'Firing.';
  }

  #done() {
    const { feed, run } = this.stage;
    const done = run.lanes
      .flatMap((_, lane) => feed.columns.counted(lane))
      .reduce((sum, one) => sum + one.finished, 0);
    return done / (run.requests * run.rounds * run.lanes.length);
  }

  #progress() {
    const { feed, run } = this.stage;
    if (feed.problem) return `✕ ${feed.problem}`;
    if (feed.missing) return `${count(feed.missing)} samples being fetched`;
    if (this.status === 'waiting') return waiting(run.id);
    if (this.status === 'starting') return this.#starting();
    if (this.over) return `${run.load} · ${run.rounds} ${run.rounds === 1 ? 'round' : 'rounds'}`;
    const round = feed.columns.newestRound;
    const lane = this.firing === null ? '' : ` · firing at ${run.lanes[this.firing].name}`;
    return (
      (round ? `round ${round} of ${run.rounds + feed.columns.discarded.size}` : 'warming up') +
      lane
    );
  }

  #starting() {
    const { run } = this.stage;
    const slow = run.lanes.findIndex((_, lane) => this.targets.get(lane)?.state !== 'ready');
    if (slow < 0 || !this.targets.size) return 'starting the servers';
    const word = this.targets.get(slow)?.word;
    return word ? `${run.lanes[slow].name}: ${word}` : `starting ${run.lanes[slow].name}`;
  }

  /** Before the first request a figure says what its server does. */
  #lanes() {
    for (const { model, summary, position } of this.stage.lanes) {
      const word = this.targets.get(position)?.word;
      if (!model.begun && word) summary.textContent = word;
    }
  }
}

/** @param {string} run */
function waiting(run) {
  const chip = /** @type {HTMLElement | null} */ (
    document.querySelector(`#line [data-run="${run}"]`)
  );
  const place = Number(chip?.dataset.place ?? 0);
  if (place < 1) return 'waits in line';
  return place === 1 ? 'next in line' : `waits in line: ${place - 1} more before it`;
}

/**
 * The connection's dot and its words.
 * @param {'connecting' | 'live' | 'lost'} state
 * @param {number} lastHeard_ms
 */
export function showConnection(state, lastHeard_ms) {
  const connection = byId('connection');
  if (!connection) return;
  connection.dataset.state = state;
  document.body.classList.toggle('stale', state === 'lost');
  const age_s = Math.floor((performance.now() - lastHeard_ms) / 1000);
  const words = {
    connecting: 'connecting',
    live: 'live',
    lost: `reconnecting, last data ${age_s} s ago`,
  };
  say('connection-text', words[state]);
}

/** @param {string} text for the live region: milestones, not every number */
export function announce(text) {
  say('milestones', text);
}

/** @param {string} id @param {string} text */
function say(id, text) {
  const place = byId(id);
  if (place && place.textContent !== text) place.textContent = text;
}

/** The sentence's numbers are large. @param {string} id @param {string} text */
function sayWithNumbers(id, text) {
  const place = byId(id);
  if (!place || place.textContent === text) return;
  const parts = text.split(/(\d+\.\d+ times)/).map((part, i) => {
    if (i % 2 === 0) return part;
    const number = document.createElement('b');
    number.textContent = part;
    return number;
  });
  place.replaceChildren(...parts);
}

/** @param {string} id */
function byId(id) {
  return document.getElementById(id);
}
