/** Any chart as a table, 25 rows a page: for whoever reads rather than looks. */

import { findAll, make } from './dom.js';

const PAGE = 25;

/** @type {(place: HTMLElement) => Table} */
export const tableIn = (place) => {
  let page = 0;
  let drawn = '';
  /** @type {DrawTable} */
  const draw = (key, content) => {
    if (place.hidden || drawn === key) return;
    drawn = key;
    const { caption, heads, rows, cells } = content();
    const pages = Math.max(1, Math.ceil(rows / PAGE));
    page = Math.min(page, pages - 1);
    const from = page * PAGE;
    const body = Array.from({ length: Math.min(PAGE, rows - from) }, (_, i) => {
      const [first, ...others] = cells(from + i);
      return make('tr', head(first, 'row'), ...others.map((text) => make('td', text)));
    });
    const table = make(
      'table',
      make('caption', caption),
      make('thead', make('tr', ...heads.map((text) => head(text, 'col')))),
      make('tbody', ...body),
    );
    // What scrolls is reached by keyboard.
    const reached = { className: 'scroll', tabIndex: 0, role: 'group', ariaLabel: caption };
    const turner = (/** @type {number} */ by) => {
      const button = Object.assign(make('button', by < 0 ? '‹' : '›'), {
        type: 'button',
        className: 'small',
        ariaLabel: `The page ${by < 0 ? 'before' : 'after'} of ${caption}`,
        disabled: page + by < 0 || page + by >= pages,
      });
      button.addEventListener('click', () => {
        page += by;
        drawn = '';
        draw(key, content);
        // The pager was made anew: whoever pages by keyboard stays where he was.
        findAll('button', place)[by < 0 ? 0 : 1].focus();
      });
      return button;
    };
    const pager = make('p', turner(-1), ` page ${page + 1} of ${pages} `, turner(1));
    pager.className = 'pager';
    place.replaceChildren(Object.assign(make('div', table), reached), pager);
  };
  return { place, draw };
};

/** What has a value for each lane. @type {LaneTable} */
export const laneTable = (lanes, caption, first, rows, label, cell) => ({
  caption,
  heads: [first, ...lanes.map(({ name }) => name)],
  rows,
  cells: (row) => [label(row), ...lanes.map((_, lane) => cell(lane, row))],
});

/** @type {(text: string, scope: string) => HTMLElement} */
const head = (text, scope) => Object.assign(make('th', text), { scope });
