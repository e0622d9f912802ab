/** The page's elements: found, and written into only where that changes something. */

/** @type {Find} */
export const find = (selector, root = document) =>
  /** @type {any} */ (root.querySelector(selector));

/** @type {FindAll} */
export const findAll = (selector, root = document) =>
  /** @type {any} */ ([...root.querySelectorAll(selector)]);

/** @type {Write} */
export function write(place, text) {
  if (place && place.textContent !== text) place.textContent = text;
}

/** The element that an event concerns. @type {Hit} */
export function hit({ target }, selector) {
  return target instanceof Element
    ? /** @type {HTMLElement | null} */ (target.closest(selector))
    : null;
}

/** For the live region: milestones, not every number. @param {string} text */
export const announce = (text) => write(find('#milestones'), text);

/** A phone has one column, and less to paint with. */
export const PHONE = matchMedia('(max-width: 700px)');
