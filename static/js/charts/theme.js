/** The style sheet's colours, for canvases. */

import { SEGMENTS } from './segments.js';

const SCHEMES = ['prefers-color-scheme: dark', 'prefers-contrast: more', 'forced-colors: active'];
const cache = /** @type {Map<string, string>} */ (new Map());
/** Lanes of one family differ by the line's pattern. */
export const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [4, 4], [1, 4]];

/** By the system, or by the page's own switch. @type {OnThemeChange} */
export function onThemeChange(listenToSwitch, changed) {
  const forget = () => {
    cache.clear();
    changed();
  };
  for (const scheme of SCHEMES) matchMedia(`(${scheme})`).addEventListener('change', forget);
  listenToSwitch(forget);
}

/** The colour of a token such as --sync at an element. @type {Resolve} */
function resolve(token, place) {
  const probe = document.createElement('span');
  probe.style.color = `var(${token})`;
  probe.style.setProperty('forced-color-adjust', 'none'); // which would replace mixed colours
  place.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** @param {string} token */
export function colour(token) {
  const value = cache.get(token) ?? resolve(token, document.body);
  cache.set(token, value);
  return value;
}

/** For the segments of a lane's bars. @param {HTMLElement} figure */
export function paintsOf(figure) {
  const names = [...Object.keys(SEGMENTS), 'error'];
  return /** @type {Paints} */ (
    Object.fromEntries(names.map((name) => [name, resolve(`--${name}`, figure)]))
  );
}
