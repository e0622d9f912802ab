/** Buttons and keys: of the stage, of the form, and one letter an action. */

import { find, findAll, hit, press } from './dom.js';

const STORED = 'liveburst-keys';
const TYPING = 'input:not([type=checkbox]), select, textarea';

/** Rounds, zoom, tables, and on a narrow screen which lane is in front. @param {Stage} stage */
export function listenToStage(stage) {
  const { root } = stage;
  root.addEventListener('scroll', stage.wake, true);
  const choose = (/** @type {number} */ lane) => {
    for (const button of findAll('#lane-switch button', root)) {
      button.setAttribute('aria-pressed', String(Number(button.dataset.lane) === lane));
    }
    for (const { figure, position } of stage.lanes) {
      figure.classList.toggle('behind', position !== lane);
    }
    stage.resize();
  };
  root.addEventListener('click', (event) => {
    const button = hit(event, 'button');
    if (button?.id === 'round-before') stage.turn(-1);
    if (button?.id === 'round-after') stage.turn(1);
    if (button?.id === 'zoom') stage.zoom(button.ariaPressed === 'true' ? 0 : 1);
    if (button?.id === 'table-button') {
      const shown = press(button);
      for (const { table } of stage.lanes) table.place.hidden = !shown;
      stage.swapped();
    }
    if (button?.closest('#lane-switch')) choose(Number(button.dataset.lane));
    stage.wake();
  });
  choose(0);
}

/** Which round is in front, and whether there is one before or after it. @param {Stage} stage */
export function showRound({ root, round, newest, run, feed }) {
  const { discarded } = feed.columns;
  const of = discarded.has(round) ? ', repeated' : ` of ${run.rounds + discarded.size}`;
  const output = find('#round', root);
  if (output.textContent !== `round ${round}${of}`) output.textContent = `round ${round}${of}`;
  find('button#round-before', root).disabled = round <= 1;
  find('button#round-after', root).disabled = round >= newest;
}

/** @type {ListenToKeys} */
export function listenToKeys(actions, after) {
  const help = find('dialog#help');
  const on = find('input#keys-on');
  on.checked = localStorage.getItem(STORED) !== 'off';
  on.addEventListener('change', () => localStorage.setItem(STORED, on.checked ? 'on' : 'off'));
  document.addEventListener('keydown', (event) => {
    if (!on.checked || help.open || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof Element && event.target.matches(TYPING)) return;
    const action = event.key === '?' ? () => help.showModal() : actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
    after();
  });
}

/** The form's small helpers; everything else of it is HTML and HTMX. */
export function listenToForm() {
  document.addEventListener('click', (event) => {
    if (hit(event, '[data-help]')) find('dialog#help').showModal();
    const copied = hit(event, '[data-select]');
    if (copied instanceof HTMLTextAreaElement) copied.select();
    const offer = hit(event, '[data-offer]');
    const field = offer && find(`input#${offer.dataset.for}`);
    if (!field) return;
    field.value = offer.dataset.offer ?? '';
    field.dispatchEvent(new Event('change', { bubbles: true }));
  });
  document.addEventListener('change', (event) => {
    // The empty bench shows the lanes of the scenario that is chosen.
    const scenario = hit(event, '#scenario');
    if (!(scenario instanceof HTMLSelectElement) || !find('#stage[data-status=empty]')) return;
    const address = `${location.pathname}?scenario=${encodeURIComponent(scenario.value)}`;
    const options = { target: '#stage', select: '#stage', swap: 'outerHTML' };
    window.htmx.ajax('GET', address, options);
  });
  document.addEventListener('htmx:response:error', () => {
    // Whoever pressed is taken to what is wrong, once it stands there.
    const show = () => find('#fire [aria-invalid]')?.focus();
    document.addEventListener('htmx:after:settle', show, { once: true });
  });
}

/** What was wrong is not wrong any more: a run began. */
export function clearErrors() {
  for (const error of findAll('#fire .error')) error.remove();
  for (const field of findAll('#fire [aria-invalid]')) {
    field.removeAttribute('aria-invalid');
    field.removeAttribute('aria-describedby');
  }
}

/** Of the run that this page shows, or else of the one that has the bench. @param {string} [run] */
const stopForm = (run) =>
  (run && find(`#line [data-run="${run}"] form`)) || find('#line [data-place="0"] form');

/** @param {string} [run] */
export function stop(run) {
  const form = /** @type {HTMLFormElement} */ (stopForm(run));
  if (!form || form.dataset.pressed) return;
  form.dataset.pressed = 'yes';
  form.requestSubmit();
}

/** @param {string} [run] */
export function showStop(run) {
  const button = find('button#stop-button');
  if (!button) return;
  button.hidden = !stopForm(run);
  button.disabled = Boolean(stopForm(run)?.dataset.pressed);
}
