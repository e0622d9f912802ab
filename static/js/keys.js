/** The keyboard: one letter an action, and a switch for whoever does not want that. */

const STORED = 'liveburst-keys';

/**
 * @param {Record<string, () => void>} actions by key
 * @param {() => void} after something was done
 */
export function listenToKeys(actions, after) {
  const help = /** @type {HTMLDialogElement} */ (document.getElementById('help'));
  const on = /** @type {HTMLInputElement} */ (document.getElementById('keys-on'));
  on.checked = localStorage.getItem(STORED) !== 'off';
  on.addEventListener('change', () => localStorage.setItem(STORED, on.checked ? 'on' : 'off'));
  for (const button of document.querySelectorAll('[data-help]')) {
    button.addEventListener('click', () => help.showModal());
  }
  document.addEventListener('keydown', (event) => {
    if (!on.checked || help.open || typing(event)) return;
    const action = event.key === '?' ? () => help.showModal() : actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
    after();
  });
}

/** @param {KeyboardEvent} event */
function typing({ target, ctrlKey, metaKey, altKey }) {
  if (ctrlKey || metaKey || altKey) return true;
  return (
    target instanceof Element && target.matches('input:not([type=checkbox]), select, textarea')
  );
}
