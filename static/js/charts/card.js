/** The card beside the cursor: one request with its segments, or the values of a chart. */

import { find, write } from '../shared/dom.js';
import { duration } from '../shared/format.js';
import { SEGMENTS } from './segments.js';

const GAP = 14; // from what it describes
const EDGE = 8; // from the screen's

/** @type {(at: number, length: number, whole: number) => boolean} */
const fits = (at, length, whole) => at >= EDGE && at + length <= whole - EDGE;
/** @type {(at: number, length: number, whole: number) => number} */
const inside = (at, length, whole) => Math.max(EDGE, Math.min(at, whole - length - EDGE));

/**
 * Left and top of the card: on the screen, and clear of what it describes, which is a row from
 * `top` to `bottom`, or else everything at `x`.
 * @type {PlaceCard}
 */
export function place({ x, y, top, bottom, row }, { width, height }, screen) {
  const left = [x + GAP, x - GAP - width].find((at) => fits(at, width, screen.width));
  const apart = [bottom + GAP, top - GAP - height].find((at) => fits(at, height, screen.height));
  const beside = left !== undefined && !row;
  return [
    left ?? inside(x - width / 2, width, screen.width),
    inside(beside ? y + GAP : (apart ?? y + GAP), height, screen.height),
  ];
}

/** @type {Make} */
function make(name, className, ...content) {
  const element = document.createElement(name);
  element.className = className;
  element.append(...content);
  return element;
}

/** @param {string} letter @param {string} family */
function chip(letter, family) {
  const element = make('span', 'chip-letter', make('span', 'letter', letter));
  element.dataset.family = family;
  return element;
}

/** @param {Partial<Record<Segment, number>>} lengths_ms */
function segmentsOf(lengths_ms) {
  const bar = make('div', 'card-bar');
  const list = make('ul', 'card-segments');
  for (const [name, ms] of Object.entries(lengths_ms)) {
    const part = make('i', '');
    part.dataset.segment = name;
    const swatch = part.cloneNode();
    part.style.flexGrow = String(ms);
    bar.append(part);
    const word = SEGMENTS[/** @type {Segment} */ (name)];
    list.append(make('li', '', swatch, make('span', '', word), make('b', '', duration(ms))));
  }
  return [bar, list];
}

export class Card {
  #shown = '';

  /** @param {HTMLElement} root of the stage */
  constructor(root) {
    this.place = find('#card', root);
    this.words = find('#reading', root);
    this.body = find('.card-body', root);
  }

  /** Show a reading beside its anchor, or nothing. @type {ShowCard} */
  show(reading, anchor) {
    this.place.hidden = !reading || !anchor;
    write(this.words, reading?.words ?? '');
    if (!reading || !anchor) return;
    const key = JSON.stringify(reading);
    if (key !== this.#shown) this.#fill(reading);
    this.#shown = key;
    const { offsetWidth: width, offsetHeight: height } = this.place;
    const screen = { width: document.documentElement.clientWidth, height: innerHeight };
    this.place.style.translate = place(anchor, { width, height }, screen)
      .map((at) => `${Math.round(at)}px`)
      .join(' ');
  }

  /** @param {Reading} reading */
  #fill({ letter, family, title, pinned, request, lengths, values, lanes, hint }) {
    this.place.dataset.family = family;
    this.place.classList.toggle('pinned', pinned);
    const head = make('p', 'card-head', make('b', '', title));
    if (letter) head.prepend(chip(letter, family));
    if (pinned) head.append(make('span', 'muted', 'pinned'));
    const list = make('ul', 'card-lanes');
    for (const { letter, family, value } of lanes)
      list.append(make('li', '', chip(letter, family), make('b', '', value || '–')));
    const parts = [head];
    if (request) parts.push(make('p', 'card-request', request), ...segmentsOf(lengths));
    if (lanes.length) parts.push(list);
    if (values.length) parts.push(make('p', 'muted', values.join(' · ')));
    if (hint) parts.push(make('p', 'card-hint muted', hint));
    this.body.replaceChildren(...parts);
  }
}
