/** Stop: by the form of the run that this page shows, or else of the one that has the bench. */

const DONE = 'stopping';

/** @param {string} [run] */
function stopForm(run) {
  const own = run && document.querySelector(`#line [data-run="${run}"] form`);
  const running = document.querySelector('#line [data-place="0"] form');
  return /** @type {HTMLFormElement | null} */ (own || running);
}

/** @param {string} [run] */
export function stop(run) {
  const form = stopForm(run);
  if (!form || form.dataset.pressed) return;
  form.dataset.pressed = DONE;
  form.requestSubmit();
  showStop(run);
}

/** @param {string} [run] */
export function showStop(run) {
  const button = /** @type {HTMLButtonElement | null} */ (document.getElementById('stop-button'));
  if (!button) return;
  const form = stopForm(run);
  button.hidden = !form;
  button.disabled = Boolean(form?.dataset.pressed);
}
