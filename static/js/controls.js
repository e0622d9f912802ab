/** Buttons of the stage: rounds, zoom, tables, and on a narrow screen which lane is in front. */

/** @import { Stage } from './stage.js' */

/** @param {Stage} stage @param {() => void} after something was chosen */
export function listenToControls(stage, after) {
  const { root } = stage;
  root.addEventListener('click', after);
  root.addEventListener('scroll', after, true);
  on(root, '#round-before', () => stage.turn(-1));
  on(root, '#round-after', () => stage.turn(1));
  on(root, '#zoom', () => stage.zoom(!stage.zoomed));
  on(root, '#table-button', (button) => {
    const shown = pressed(button);
    for (const { table } of stage.lanes) table.place.hidden = !shown;
    stage.swapped();
  });
  root.querySelector('#lane-switch')?.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest('button') : null;
    if (button) choose(stage, Number(button.dataset.lane));
  });
  choose(stage, 0);
}

/** @param {Stage} stage @param {number} lane */
function choose(stage, lane) {
  for (const button of stage.root.querySelectorAll('#lane-switch button')) {
    button.setAttribute('aria-pressed', String(Number(button.getAttribute('data-lane')) === lane));
  }
  for (const { figure, position } of stage.lanes)
    figure.classList.toggle('behind', position !== lane);
  stage.resize();
}

/** @param {HTMLElement} button */
function pressed(button) {
  const now = button.getAttribute('aria-pressed') !== 'true';
  button.setAttribute('aria-pressed', String(now));
  return now;
}

/**
 * @param {HTMLElement} root
 * @param {string} selector
 * @param {(button: HTMLElement) => void} action
 */
function on(root, selector, action) {
  const button = /** @type {HTMLElement | null} */ (root.querySelector(selector));
  button?.addEventListener('click', () => action(button));
}

/** Which round is in front, and whether there is one before or after it. @param {Stage} stage */
export function showRound(stage) {
  const { root, round, run } = stage;
  const { newestRound, discarded } = stage.feed.columns;
  const newest = Math.max(1, newestRound);
  const text = discarded.has(round)
    ? `round ${round}, repeated`
    : `round ${round} of ${run.rounds + discarded.size}`;
  const output = root.querySelector('#round');
  if (output && output.textContent !== text) output.textContent = text;
  disable(root, '#round-before', round <= 1);
  disable(root, '#round-after', round >= newest);
}

/** @param {HTMLElement} root @param {string} selector @param {boolean} disabled */
function disable(root, selector, disabled) {
  const button = /** @type {HTMLButtonElement | null} */ (root.querySelector(selector));
  if (button) button.disabled = disabled;
}
