/** Any chart as a table, 25 rows a page: for whoever reads rather than looks. */

const PAGE = 25;

/**
 * @typedef {object} Content
 * @property {string} caption
 * @property {string[]} heads
 * @property {number} rows
 * @property {(row: number) => string[]} cells the first heads its row
 */

export class Table {
  #page = 0;
  #drawn = '';

  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
  }

  /** @param {string} key of what is shown @param {() => Content} content */
  draw(key, content) {
    if (this.place.hidden || this.#drawn === key) return;
    this.#drawn = key;
    const { caption, heads, rows, cells } = content();
    const pages = Math.max(1, Math.ceil(rows / PAGE));
    this.#page = Math.min(this.#page, pages - 1);
    const from = this.#page * PAGE;
    const shown = Array.from({ length: Math.min(PAGE, rows - from) }, (_, i) => cells(from + i));
    const body = shown.map(([first, ...others]) =>
      element('tr', head(first, 'row'), ...others.map((text) => element('td', text))),
    );
    const table = element(
      'table',
      element('caption', caption),
      element('thead', element('tr', ...heads.map((text) => head(text, 'col')))),
      element('tbody', ...body),
    );
    const scroll = element('div', table);
    scroll.className = 'scroll';
    const turn = (/** @type {number} */ by) => {
      this.#page += by;
      this.#drawn = '';
      this.draw(key, content);
      // The pager was made anew: whoever pages by keyboard stays where he was.
      this.place.querySelectorAll('button')[by < 0 ? 0 : 1]?.focus();
    };
    this.place.replaceChildren(scroll, pager(caption, this.#page, pages, turn));
  }
}

/**
 * @param {string} name
 * @param {number} page
 * @param {number} pages
 * @param {(by: number) => void} turn
 */
function pager(name, page, pages, turn) {
  const [before, after] = [-1, 1].map((by) => {
    const button = /** @type {HTMLButtonElement} */ (element('button', by < 0 ? '‹' : '›'));
    button.type = 'button';
    button.className = 'small';
    button.setAttribute('aria-label', `The page ${by < 0 ? 'before' : 'after'} of ${name}`);
    button.disabled = page + by < 0 || page + by >= pages;
    button.addEventListener('click', () => turn(by));
    return button;
  });
  const made = element('p', before, ` page ${page + 1} of ${pages} `, after);
  made.className = 'pager';
  return made;
}

/** @param {string} text @param {string} scope */
function head(text, scope) {
  const cell = element('th', text);
  cell.setAttribute('scope', scope);
  return cell;
}

/** @param {string} name @param {...(Node | string)} children */
function element(name, ...children) {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}
