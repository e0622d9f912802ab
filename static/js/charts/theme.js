/** The style sheet's colours, for canvases. */

import { SEGMENTS } from './segments.js';

const SCHEMES = ['prefers-color-scheme: dark', 'prefers-contrast: more', 'forced-colors: active'];
const cache = /** @type {Map<string, string>} */ (new Map());
/** Lanes of one family differ by the line's pattern (as in panel.css) … */
export const DASHES = [[], [12, 5], [2, 4], [10, 4, 2, 4], [5, 3], [10, 3, 2, 3, 2, 3]];
/** … and by its mark, ● ◆ ■ ▲ ▼ ✚: paths around 0 (as in templates/charts/mark.html). */
export const MARKS = [
  'M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z',
  'M0 -5L5 0L0 5L-5 0z',
  'M-3.5 -3.5h7v7h-7z',
  'M0 -5L4.5 4h-9z',
  'M0 5L4.5 -4h-9z',
  'M-1.5 -5h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5v-3h3.5z',
];

/** By the system, by the page's own switch, or for paper. @type {OnThemeChange} */
export function onThemeChange(listeners, changed) {
  const forget = () => {
    cache.clear();
    changed();
  };
  for (const scheme of SCHEMES) matchMedia(`(${scheme})`).addEventListener('change', forget);
  for (const listen of listeners) listen(forget);
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
