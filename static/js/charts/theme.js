/** The page's colours for a canvas, read from the style sheet, which alone knows them. */

import { SEGMENTS } from './segments.js';

const SCHEMES = ['prefers-color-scheme: dark', 'prefers-contrast: more', 'forced-colors: active'];
const known = /** @type {Map<string, string>} */ (new Map());
/** Lanes of one family differ by the line's pattern. */
export const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [4, 4], [1, 4]];

/** @type {Listen} */
export function onThemeChange(changed) {
  for (const scheme of SCHEMES) {
    matchMedia(`(${scheme})`).addEventListener('change', () => {
      known.clear();
      changed();
    });
  }
}

/** What a token such as --sync is here, as the browser resolves it. @type {Resolve} */
function resolve(token, place) {
  const probe = document.createElement('span');
  probe.style.color = `var(${token})`;
  probe.style.setProperty('forced-color-adjust', 'none'); // or a mixed one would be replaced
  place.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** @param {string} token */
export function colour(token) {
  const found = known.get(token) ?? resolve(token, document.body);
  known.set(token, found);
  return found;
}

/** Of the segments of bars in a lane's figure. @param {HTMLElement} figure */
export function paintsOf(figure) {
  const names = [...Object.keys(SEGMENTS), 'error'];
  return /** @type {Paints} */ (
    Object.fromEntries(names.map((name) => [name, resolve(`--${name}`, figure)]))
  );
}
