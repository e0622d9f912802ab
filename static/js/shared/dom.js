/** Find elements, and write into them only changes. */

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

/** The element around an event's target. @type {Hit} */
export function hit({ target }, selector) {
  return target instanceof Element
    ? /** @type {HTMLElement | null} */ (target.closest(selector))
    : null;
}

/** In the live region, for screen readers. @param {string} text */
export const announce = (text) => write(find('#milestones'), text);

/** One column, and a slower device. */
export const PHONE = matchMedia('(max-width: 700px)');
