/** The form's small helpers: offers fill their field. Everything else is HTML and HTMX. */

document.addEventListener('click', ({ target }) => {
  const offer = target instanceof Element ? target.closest('[data-offer]') : null;
  if (!(offer instanceof HTMLElement)) return;
  const field = document.getElementById(offer.dataset.for ?? '');
  if (!(field instanceof HTMLInputElement)) return;
  field.value = offer.dataset.offer ?? '';
  field.dispatchEvent(new Event('change', { bubbles: true }));
});

document.addEventListener('change', ({ target }) => {
  if (!(target instanceof HTMLSelectElement) || target.id !== 'scenario') return;
  // The empty bench shows the lanes of the scenario that is chosen.
  if (!document.querySelector('#stage[data-status=empty]')) return;
  const { htmx } = /** @type {any} */ (window);
  const address = `${location.pathname}?scenario=${encodeURIComponent(target.value)}`;
  htmx.ajax('GET', address, { target: '#stage', select: '#stage', swap: 'outerHTML' });
});

document.addEventListener('htmx:response:error', () => {
  // Whoever pressed is taken to what is wrong, once it stands there.
  const wrong = () => document.querySelector('#fire [aria-invalid]');
  document.addEventListener('htmx:after:settle', () => /** @type {any} */ (wrong())?.focus(), {
    once: true,
  });
});

/** What was wrong is not wrong any more: a run began. */
export function clearErrors() {
  for (const error of document.querySelectorAll('#fire .error')) error.remove();
  for (const field of document.querySelectorAll('#fire [aria-invalid]')) {
    field.removeAttribute('aria-invalid');
    field.removeAttribute('aria-describedby');
  }
}

/** Fire what stands in the form. */
export function fire() {
  const form = /** @type {HTMLFormElement | null} */ (document.getElementById('fire-form'));
  form?.requestSubmit();
}
