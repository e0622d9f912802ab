/** The page's elements: found, made, and written into only where that changes something. */

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

/** @param {string} name @param {...(Node | string)} children */
export function make(name, ...children) {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}

/** @type {Press} */
export function press(button) {
  const now = button.getAttribute('aria-pressed') !== 'true';
  button.setAttribute('aria-pressed', String(now));
  return now;
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
