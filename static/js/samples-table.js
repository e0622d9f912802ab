/** A waterfall as a table, 25 requests a page: for whoever reads rather than looks. */

import { ERRORS, FINISHED } from './columns.js';
import { lengths, SEGMENTS } from './segments.js';
import { duration } from './words.js';

/** @import { Firing } from './columns.js' */
/** @import { Segment } from './segments.js' */

const PAGE = 25;
const NAMES = /** @type {Segment[]} */ (Object.keys(SEGMENTS));

export class SamplesTable {
  #page = 0;
  #drawn = '';

  /**
   * @param {HTMLElement} place
   * @param {string} lane
   */
  constructor(place, lane) {
    this.place = place;
    this.lane = lane;
  }

  /**
   * @param {Firing | undefined} firing
   * @param {number} round
   */
  draw(firing, round) {
    if (this.place.hidden) return;
    const finished = firing ? requestsDone(firing) : [];
    const pages = Math.max(1, Math.ceil(finished.length / PAGE));
    this.#page = Math.min(this.#page, pages - 1);
    const key = `${round} ${firing?.version} ${this.#page}`;
    if (key === this.#drawn) return;
    this.#drawn = key;
    const shown = finished.slice(this.#page * PAGE, (this.#page + 1) * PAGE);
    this.place.replaceChildren(
      this.#table(firing, shown, round),
      this.#pager(pages, () => this.draw(firing, round)),
    );
  }

  /**
   * @param {Firing | undefined} firing
   * @param {number[]} requests
   * @param {number} round
   */
  #table(firing, requests, round) {
    const table = element('table');
    const heads = ['Request', 'Due', 'Response time', ...NAMES.map((name) => SEGMENTS[name].word)];
    const row = element('tr', ...[...heads, 'Status'].map((text) => head(text, 'col')));
    const rows = firing ? requests.map((request) => sampleRow(firing, request)) : [];
    table.append(
      element('caption', `${this.lane}, round ${round}: requests by number`),
      element('thead', row),
      element('tbody', ...rows),
    );
    const scroll = element('div', table);
    scroll.className = 'scroll';
    return scroll;
  }

  /**
   * @param {number} pages
   * @param {() => void} redraw
   */
  #pager(pages, redraw) {
    const turn = (
      /** @type {string} */ sign,
      /** @type {string} */ name,
      /** @type {number} */ by,
    ) => {
      const button = /** @type {HTMLButtonElement} */ (element('button', sign));
      button.type = 'button';
      button.className = 'small';
      button.setAttribute('aria-label', `${name} of ${this.lane}`);
      button.disabled = this.#page + by < 0 || this.#page + by >= pages;
      button.addEventListener('click', () => {
        this.#page += by;
        redraw();
        // The pager was made anew: whoever pages by keyboard stays where he was.
        const twin = this.place.querySelectorAll('button')[by < 0 ? 0 : 1];
        twin?.focus();
      });
      return button;
    };
    const pager = element(
      'p',
      turn('‹', 'The page before', -1),
      ` page ${this.#page + 1} of ${pages} `,
    );
    pager.append(turn('›', 'The page after', 1));
    pager.className = 'pager';
    return pager;
  }
}

/** @param {Firing} firing */
function requestsDone(firing) {
  const found = [];
  for (let request = 0; request < firing.state.length; request++) {
    if (firing.state[request] === FINISHED) found.push(request);
  }
  return found;
}

/**
 * @param {Firing} firing
 * @param {number} request
 */
function sampleRow(firing, request) {
  const { due, done } = firing.stamps;
  const long = lengths(firing, request);
  const error = firing.error[request];
  const status = firing.status[request] || '';
  const cells = [
    duration(due[request]),
    duration(done[request] - due[request]),
    ...NAMES.map((name) => (long[name] ? duration(long[name]) : '–')),
    error ? `✕ ${ERRORS[error] ?? error} ${status}` : String(status),
  ];
  return element('tr', head(String(request), 'row'), ...cells.map((text) => element('td', text)));
}

/**
 * @param {string} text
 * @param {string} scope
 */
function head(text, scope) {
  const cell = element('th', text);
  cell.setAttribute('scope', scope);
  return cell;
}

/**
 * @param {string} name
 * @param {...(Node | string)} children
 */
function element(name, ...children) {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}
