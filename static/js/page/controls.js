/** Buttons and keys: of the stage, of the form, and one letter an action. */

import { find, hit, write } from '../shared/dom.js';

const STORED = 'liveburst-keys';
const TYPING = 'input:not([type=checkbox]), select, textarea';

/** What is scrolled, chosen or opened there is drawn. @param {Stage} stage */
export function listenToStage({ root, swapped, wake }) {
  root.addEventListener('scroll', wake, true);
  root.addEventListener('change', swapped);
  root.addEventListener('toggle', swapped, true);
}

/** The round in front, and whether there is one before or after it. @param {Stage} stage */
export function showRound({ root, round, newest, run, feed }) {
  const { discarded } = feed.columns;
  const of = discarded.has(round) ? ', repeated' : ` of ${run.rounds + discarded.size}`;
  write(find('#round', root), `round ${round}${of}`);
  find('button#round-before', root).disabled = round <= 1;
  find('button#round-after', root).disabled = round >= newest;
}

/** By keys, if switched on, and by buttons. @type {ListenToKeys} */
export function listenToKeys(actions, after) {
  const help = find('dialog#help');
  const on = find('input#keys-on');
  on.checked = localStorage.getItem(STORED) !== 'off';
  on.addEventListener('change', () => localStorage.setItem(STORED, on.checked ? 'on' : 'off'));
  const act = (/** @type {Event} */ event, key = '') => {
    const action = key === '?' ? () => help.showModal() : actions[key];
    if (!action) return;
    event.preventDefault();
    action();
    after();
  };
  document.addEventListener('keydown', (event) => {
    if (!on.checked || help.open || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!hit(event, TYPING)) act(event, event.key);
  });
  document.addEventListener('click', (event) => act(event, hit(event, '[data-key]')?.dataset.key));
}

/** The form's small helpers; everything else of it is HTML and HTMX. */
export function listenToForm() {
  document.addEventListener('click', (event) => {
    const button = hit(event, '[data-copy]');
    if (button) copy(button);
    const offer = hit(event, '[data-offer]');
    const field = offer && find(`input#${offer.dataset.for}`);
    if (!field) return;
    field.value = offer.dataset.offer ?? '';
    field.dispatchEvent(new Event('change', { bubbles: true }));
  });
}

/** If the clipboard is refused, select the text. @param {HTMLElement} button */
async function copy({ dataset }) {
  const text = find(`textarea#${dataset.copy}`);
  let said = 'Copied.';
  try {
    await navigator.clipboard.writeText(text.value);
  } catch {
    find('details#to-copy').open = true;
    text.select();
    said = 'Selected: copy it with Ctrl+C.';
  }
  write(find('#copied'), said);
}

/** Of the run that this page shows, else of the running one. @param {string} [run] */
export function showStop(run) {
  const button = find('button#stop-button');
  if (!button) return;
  const form = find(`#line [data-run="${run}"] form`) ?? find('#line [data-place="0"] form');
  button.hidden = !form;
  button.setAttribute('form', form?.id ?? '');
}
