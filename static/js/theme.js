/** The page's colours as a canvas needs them: read from the style sheet, which alone knows them. */

import { SEGMENTS } from './segments.js';

/** @import { Segment } from './segments.js' */

const schemes = [
  matchMedia('(prefers-color-scheme: dark)'),
  matchMedia('(forced-colors: active)'),
  matchMedia('(prefers-contrast: more)'),
];

/** @param {() => void} changed called when the person switches between light and dark */
export function onThemeChange(changed) {
  for (const scheme of schemes) scheme.addEventListener('change', changed);
}

/**
 * A token's colour as red, green and blue.
 * @param {string} token such as --sync
 * @returns {[number, number, number]}
 */
function rgb(token) {
  // The browser resolves whatever the token says (system colours too) once it is a `color`.
  const probe = document.createElement('span');
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const [red, green, blue] = getComputedStyle(probe).color.match(/[\d.]+/g) ?? [];
  probe.remove();
  return [Number(red), Number(green), Number(blue)];
}

/** @param {string} token */
export function colour(token) {
  return `rgb(${rgb(token).join(' ')})`;
}

/**
 * The shades of a family's hue, a segment each: the less of the hue, the nearer to the surface.
 * @param {string} family
 * @returns {Record<Segment, string>}
 */
export function shades(family) {
  const hue = rgb(family === 'async' ? '--async' : '--sync');
  const grey = rgb('--muted');
  const surface = rgb('--surface');
  const shade = (/** @type {number[]} */ of, /** @type {number} */ share) =>
    `rgb(${of.map((part, i) => Math.round(part * share + surface[i] * (1 - share))).join(' ')})`;
  const entries = Object.entries(SEGMENTS).map(([name, segment]) => [
    name,
    shade(segment.grey ? grey : hue, segment.share),
  ]);
  return /** @type {Record<Segment, string>} */ (Object.fromEntries(entries));
}
