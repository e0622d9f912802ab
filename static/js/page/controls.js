/** Buttons and keys of the stage and the form. */

import { find, hit, write } from '../shared/dom.js';
import { copyPicture } from './picture.js';
import { roundsOf } from './rounds.js';

const STORAGE_KEY = 'liveburst-keys';
const TYPING = 'input:not([type=checkbox]), select, textarea';

/** Redraw after scrolling, choosing and opening. @param {Stage} stage */
export function listenToStage({ root, redraw, wake }) {
  root.addEventListener('scroll', wake, true);
  root.addEventListener('change', redraw);
  root.addEventListener('toggle', redraw, true);
}

/** Show the round and whether there are others. @param {Stage} stage */
export function showRound(stage) {
  const { root, round, newest, feed, status, active, playing } = stage;
  const repeated = feed.columns.discarded.has(round);
  const of = repeated ? ', repeated' : ` of ${roundsOf(stage, newest)}`;
  write(find('#round', root), `round ${round}${of}`);
  const again = find('button#again', root);
  again.disabled = status === 'empty' || active;
  write(again, playing ? 'Stop' : 'See it again');
  find('button#round-before', root).disabled = round <= 1;
  find('button#round-after', root).disabled = round >= newest;
}

/** Run actions by keys, if enabled, and by buttons. @type {ListenToKeys} */
export function listenToKeys(actions, after) {
  const help = find('dialog#help');
  const on = find('input#keys-on');
  on.checked = localStorage.getItem(STORAGE_KEY) !== 'off';
  on.addEventListener('change', () => localStorage.setItem(STORAGE_KEY, on.checked ? 'on' : 'off'));
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

/** Copy buttons and offered values; the rest of the form is HTMX. */
export function listenToForm() {
  // HTMX puts the fields of a GET into its address, which is logged and shown.
  document.addEventListener('htmx:config:request', (event) => {
    const { method, body } = /** @type {CustomEvent} */ (event).detail.ctx.request;
    if (/GET|DELETE/.test(method)) body.delete('csrfmiddlewaretoken');
  });
  document.addEventListener('click', (event) => {
    const button = hit(event, '[data-copy]');
    if (button) copy(button);
    const picture = hit(event, '[data-picture]');
    if (picture) copyPicture(picture);
    const offer = hit(event, '[data-offer]');
    const field = offer && find(`input#${offer.dataset.for}`);
    if (!field) return;
    field.value = offer.dataset.offer ?? '';
    for (const name of ['input', 'change']) field.dispatchEvent(new Event(name, { bubbles: true }));
  });
}

/** Select the text if the clipboard refuses it. @param {HTMLElement} button */
async function copy({ dataset }) {
  const text = find(`textarea#${dataset.copy}`);
  let message = 'Copied.';
  try {
    await navigator.clipboard.writeText(text.value);
  } catch {
    find('details#to-copy').open = true;
    text.select();
    message = 'Selected: press Ctrl+C to copy.';
  }
  write(find('#copied'), message);
}

/** Stop this run or else the running one. @param {string} [run] */
export function showStop(run) {
  const button = find('button#stop-button');
  if (!button) return;
  const form = find(`#queue [data-run="${run}"] form`) ?? find('#queue [data-place="0"] form');
  button.hidden = !form;
  button.setAttribute('form', form?.id ?? '');
}
