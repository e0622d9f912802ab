/** How the page is looked at: its colour scheme, and the presentation mode. */

import { find } from '../shared/dom.js';

// A cookie: the server writes it into the page (shared/scheme.html), which is never painted in
// another scheme first.
const COOKIE = 'liveburst_scheme';
const KEPT = 'path=/; max-age=31536000; samesite=lax';
const SCHEMES = ['system', 'light', 'dark'];
const page = document.documentElement;

/** Switch to the next colour scheme and keep it. @param {() => void} changed */
export function listenToScheme(changed) {
  const button = find('button#scheme');
  if (!button) return; // in a file
  const now = () => page.dataset.scheme ?? SCHEMES[0];
  const name = () => {
    button.title = button.ariaLabel = `Colour scheme: ${now()}`;
  };
  button.addEventListener('click', () => {
    const scheme = SCHEMES[(SCHEMES.indexOf(now()) + 1) % SCHEMES.length];
    page.dataset.scheme = scheme;
    // biome-ignore lint/suspicious/noDocumentCookie: not every browser has the Cookie Store
    document.cookie = `${COOKIE}=${scheme}; ${KEPT}`;
    name();
    changed();
  });
  name();
}

/** Paper has its own colours, in which charts are drawn before the page is. @param {() => void} changed */
export function listenToPrinter(changed) {
  for (const name of ['beforeprint', 'afterprint'])
    addEventListener(name, () => {
      page.classList.toggle('on-paper', name === 'beforeprint');
      changed();
    });
}

/** Show the sentence and the picture alone, big, or the page again. @param {boolean} [on] */
export function present(on) {
  page.classList.toggle('presenting', on);
}

/** Escape leaves the presentation and folds the form over a run. */
export function listenToEscape() {
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || find('dialog#help').open) return;
    present(false);
    fold();
  });
}

/** Fold what to fire to one line, unless nothing was fired. */
export function fold() {
  const form = find('details#fire');
  if (form && find('#run-data')) form.open = false;
}
