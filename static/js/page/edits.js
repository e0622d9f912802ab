/**
 * What is typed or opened while a response is on its way survives the swap that replaces it.
 *
 * The response to a form replaces what was sent, not what was typed after that. Any other swap
 * replaces nothing that was typed: a run ends while its notes are written, another button is pressed.
 * Name and notes of a run that leaves the page, for another one or another page, are saved.
 */

import { find, findAll } from '../shared/dom.js';

const NOTES = 'form.describe';
const FIELDS = 'input:not([type=hidden]), select, textarea';
const OPENED = 'details:not(#fire, #fire *)'; // the form is folded and unfolded by the server

let moment = 0; // counts edits, changes of focus and requests, to order them
/** When each field was edited last. @type {WeakMap<EventTarget, number>} */
const edited = new WeakMap();
let focused = 0; // when the focus changed last

/** Put edits, focus and caret into the fields that replace the edited ones. */
export function keepEdits() {
  document.addEventListener('input', ({ target }) => target && note(target), true);
  document.addEventListener('focusin', () => {
    focused = ++moment;
  });
  on('htmx:config:request', ({ ctx }) => {
    ctx.request.sent = ++moment;
  });
  on('htmx:before:swap', ({ ctx, tasks }) => {
    ctx.edits = tasks.flatMap(({ target }) => (target ? editsIn(target, ctx) : []));
    ctx.opened = tasks.flatMap(({ target }) => (target ? openIn(target, ctx) : []));
    ctx.notes = findAll(NOTES);
  });
  on('htmx:after:swap', ({ ctx }) => {
    for (const details of ctx.opened?.length ? findAll(OPENED, document) : [])
      if (ctx.opened?.includes(nameOf(details))) details.toggleAttribute('open', true);
    // Estimates follow once all fields have their values.
    for (const field of ctx.edits?.flatMap(restore) ?? []) {
      field.dispatchEvent(new Event('change', { bubbles: true }));
      note(field);
    }
    ctx.notes?.forEach(saveUnlessShown);
  });
  addEventListener('pagehide', () => findAll(NOTES).forEach(save));
}

/** @param {HTMLFormElement} form */
function saveUnlessShown(form) {
  if (!find(`${NOTES}[action="${form.getAttribute('action')}"]`)) save(form);
}

/** Save name and notes if they were changed. @param {HTMLFormElement} form */
function save(form) {
  if (allIn(form).every(({ value, defaultValue }) => value === defaultValue)) return;
  navigator.sendBeacon(form.action, new FormData(form));
}

/** @type {OnSwap} */
function on(name, handle) {
  document.addEventListener(name, (event) => handle(/** @type {CustomEvent} */ (event).detail));
}

/** @param {EventTarget} field */
const note = (field) => edited.set(field, ++moment);

/** All fields of forms. @param {ParentNode} place @returns {Field[]} */
const allIn = (place) => findAll(FIELDS, place).filter(({ form }) => form);

/** @type {EditsIn} */
function editsIn(target, { sourceElement, request }) {
  const edits = [];
  for (const field of allIn(target)) {
    // Another scenario, chosen in a field, replaces all forms: they have its numbers then.
    const replaces = sourceElement.matches(FIELDS) || sourceElement.closest('form') === field.form;
    const since = replaces ? request.sent : 0;
    const isEdited = (edited.get(field) ?? 0) > since;
    const isFocused = field === document.activeElement && focused > since;
    const { value, checked, selectionStart, selectionEnd } = field;
    if (isEdited || isFocused)
      edits.push({
        key: keyOf(field),
        isEdited,
        isFocused,
        value,
        checked,
        selectionStart,
        selectionEnd,
      });
  }
  return edits;
}

/** The names of what is open, but for what the request itself came from. @type {OpenIn} */
const openIn = (target, { sourceElement }) =>
  findAll(OPENED, target)
    .filter((details) => details.matches('[open]') && !details.contains(sourceElement))
    .map(nameOf);

/** The same for an element and for the one that replaces it. @param {Element} details */
const nameOf = (details) =>
  [details.closest('[id]')?.id, details.querySelector('summary')?.textContent].join();

/** The same for a field and for the one that replaces it. @param {Field} field */
const keyOf = (field) =>
  [field.form?.getAttribute('action'), field.name, isTicked(field) && field.value].join();

/** @param {Field} field */
const isTicked = ({ type }) => type === 'checkbox' || type === 'radio';

/** Return the field if its value is another one than that of the response. @param {Edit} edit */
function restore(edit) {
  const field = allIn(document).find((field) => keyOf(field) === edit.key);
  if (!field) return [];
  for (let around = field.parentElement; around; around = around.parentElement)
    if (around.matches('details:not(#fire)')) around.toggleAttribute('open', true);
  const changed = edit.isEdited && fill(field, edit);
  if (edit.isFocused) focus(field, edit);
  return changed ? [field] : [];
}

/** @param {Field} field @param {Edit} edit */
function fill(field, { value, checked }) {
  const before = [field.value, field.checked].join();
  note(field);
  if (isTicked(field)) field.checked = checked;
  else if (!field.options || [...field.options].some((option) => option.value === value))
    field.value = value;
  return before !== [field.value, field.checked].join();
}

/** @param {Field} field @param {Edit} edit */
function focus(field, { selectionStart, selectionEnd }) {
  field.focus({ preventScroll: true });
  // Only text has a caret that can be read.
  if (typeof selectionStart === 'number') field.setSelectionRange(selectionStart, selectionEnd);
}
