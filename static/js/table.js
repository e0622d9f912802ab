/** Any chart as a table, 25 rows a page: for whoever reads rather than looks. */

import { findAll, make } from './dom.js';

const PAGE = 25;

export class Table {
  #page = 0;
  #drawn = '';

  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
  }

  /** @param {string} key of what is shown @param {() => TableContent} content */
  draw(key, content) {
    if (this.place.hidden || this.#drawn === key) return;
    this.#drawn = key;
    const { caption, heads, rows, cells } = content();
    const pages = Math.max(1, Math.ceil(rows / PAGE));
    this.#page = Math.min(this.#page, pages - 1);
    const from = this.#page * PAGE;
    const body = Array.from({ length: Math.min(PAGE, rows - from) }, (_, i) => {
      const [first, ...others] = cells(from + i);
      return make('tr', head(first, 'row'), ...others.map((text) => make('td', text)));
    });
    const scroll = make(
      'div',
      make(
        'table',
        make('caption', caption),
        make('thead', make('tr', ...heads.map((text) => head(text, 'col')))),
        make('tbody', ...body),
      ),
    );
    scroll.className = 'scroll';
    scroll.tabIndex = 0; // what scrolls is reached by keyboard
    scroll.role = 'group';
    scroll.ariaLabel = caption;
    const turner = (/** @type {number} */ by) => {
      const button = /** @type {HTMLButtonElement} */ (make('button', by < 0 ? '‹' : '›'));
      button.type = 'button';
      button.className = 'small';
      button.ariaLabel = `The page ${by < 0 ? 'before' : 'after'} of ${caption}`;
      button.disabled = this.#page + by < 0 || this.#page + by >= pages;
      button.addEventListener('click', () => {
        this.#page += by;
        this.#drawn = '';
        this.draw(key, content);
        // The pager was made anew: whoever pages by keyboard stays where he was.
        findAll('button', this.place)[by < 0 ? 0 : 1]?.focus();
      });
      return button;
    };
    const pager = make('p', turner(-1), ` page ${this.#page + 1} of ${pages} `, turner(1));
    pager.className = 'pager';
    this.place.replaceChildren(scroll, pager);
  }
}

/** What has a value for each lane. @type {LaneTable} */
export const laneTable = (lanes, caption, first, rows, label, cell) => ({
  caption,
  heads: [first, ...lanes.map(({ name }) => name)],
  rows,
  cells: (row) => [label(row), ...lanes.map((_, lane) => cell(lane, row))],
});

/** @param {string} text @param {string} scope */
function head(text, scope) {
  const cell = make('th', text);
  cell.setAttribute('scope', scope);
  return cell;
}
