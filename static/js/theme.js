/** The page's colours as a canvas needs them: read from the style sheet, which alone knows them. */

import { make } from './dom.js';
import { SEGMENTS } from './segments.js';

const SCHEMES = ['color-scheme: dark', 'contrast: more', 'color-scheme: light'];
const known = /** @type {Map<string, string[]>} */ (new Map());
/** Lanes of one family differ by the line's pattern. */
export const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [4, 4], [1, 4]];

/** @type {Listen} */
export function onThemeChange(changed) {
  const queries = [...SCHEMES.map((one) => `(prefers-${one})`), '(forced-colors: active)'];
  for (const query of queries) {
    matchMedia(query).addEventListener('change', () => {
      known.clear();
      changed();
    });
  }
}

/** Red, green and blue of a token such as --sync. @param {string} token */
function rgb(token) {
  const before = known.get(token);
  if (before) return before;
  // The browser resolves whatever the token says (system colours too) once it is a `color`.
  const probe = make('span');
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const found = (getComputedStyle(probe).color.match(/[\d.]+/g) ?? []).slice(0, 3);
  probe.remove();
  known.set(token, found);
  return found;
}

/** @type {Colour} */
export function colour(token, share = 1) {
  const surface = rgb('--surface');
  const mixed = rgb(token).map((part, i) => +part * share + +surface[i] * (1 - share));
  return `rgb(${mixed.map(Math.round).join(' ')})`;
}

/** @type {Colour} */
export function familyColour(family, share) {
  return colour(family === 'async' ? '--async' : '--sync', share);
}

/** @param {string} family */
export function paintsOf(family) {
  const shades = Object.entries(SEGMENTS).map(([name, { grey, share }]) => [
    name,
    grey ? colour('--muted', share) : familyColour(family, share),
  ]);
  return /** @type {Paints} */ ({ ...Object.fromEntries(shades), error: colour('--error') });
}
