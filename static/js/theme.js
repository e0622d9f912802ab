/** The page's colours as a canvas needs them: read from the style sheet, which alone knows them. */

import { SEGMENTS } from './segments.js';

/** @import { Segment } from './segments.js' */

const schemes = [
  matchMedia('(prefers-color-scheme: dark)'),
  matchMedia('(forced-colors: active)'),
  matchMedia('(prefers-contrast: more)'),
];

const known = /** @type {Map<string, [number, number, number]>} */ (new Map());

/** @param {() => void} changed called when the person switches between light and dark */
export function onThemeChange(changed) {
  const forget = () => {
    known.clear();
    changed();
  };
  for (const scheme of schemes) scheme.addEventListener('change', forget);
}

/**
 * A token's colour as red, green and blue.
 * @param {string} token such as --sync
 * @returns {[number, number, number]}
 */
function rgb(token) {
  const before = known.get(token);
  if (before) return before;
  // The browser resolves whatever the token says (system colours too) once it is a `color`.
  const probe = document.createElement('span');
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const [red, green, blue] = getComputedStyle(probe).color.match(/[\d.]+/g) ?? [];
  probe.remove();
  const found = /** @type {[number, number, number]} */ ([red, green, blue].map(Number));
  known.set(token, found);
  return found;
}

/** @param {string} token */
export function colour(token) {
  return `rgb(${rgb(token).join(' ')})`;
}

/** @param {string} family */
const token = (family) => (family === 'async' ? '--async' : '--sync');

/** @param {string} family */
export function familyColour(family) {
  return colour(token(family));
}

/** @param {number[]} hue @param {number} share how much of it, the rest is the surface */
function shade(hue, share) {
  const surface = rgb('--surface');
  return `rgb(${hue.map((part, i) => Math.round(part * share + surface[i] * (1 - share))).join(' ')})`;
}

/** @param {string} family @param {number} share */
export function mixed(family, share) {
  return shade(rgb(token(family)), share);
}

/**
 * The shades of a family's hue, a segment each: the less of the hue, the nearer to the surface.
 * @param {string} family
 * @returns {Record<Segment, string>}
 */
export function shades(family) {
  const hue = rgb(token(family));
  const grey = rgb('--muted');
  const entries = Object.entries(SEGMENTS).map(([name, segment]) => [
    name,
    shade(segment.grey ? grey : hue, segment.share),
  ]);
  return /** @type {Record<Segment, string>} */ (Object.fromEntries(entries));
}
