/** A press that gets no answer, or a failure for an answer, is reported beside its button. */

import { find } from '../shared/dom.js';

const LATE_MS = 3000;
const KEPT = 'What you entered is kept:';
const NO_ANSWER = `The dashboard does not answer. ${KEPT} press again once this page is live.`;
const FAILURES = {
  403: `The dashboard refused this. ${KEPT} copy it, and reload the page.`,
  500: `The dashboard failed; dashboard.log has the reason. ${KEPT} press again.`,
  502: NO_ANSWER, // from a proxy before it
  504: NO_ANSWER,
};

/** Messages for buttons that send something; what is only shown is covered by the connection. */
export function reportPresses() {
  on('htmx:before:request', ({ request }) => {
    find('.no-answer')?.remove();
    request.late = setTimeout(() => report(request, 'No answer for 3 s, still waiting.'), LATE_MS);
  });
  on('htmx:before:response', ({ request, response }, event) => {
    const failure = FAILURES[/** @type {keyof typeof FAILURES} */ (response.status)];
    if (!failure) return;
    event.preventDefault(); // else the page would be replaced by that of the error
    report(request, failure);
  });
  on('htmx:error', ({ request }) => report(request, NO_ANSWER));
  on('htmx:finally:request', ({ request, response }) => {
    clearTimeout(request.late);
    if (response && !FAILURES[/** @type {keyof typeof FAILURES} */ (response.status)])
      find('.no-answer')?.remove();
  });
}

/** @type {OnPress} */
function on(name, handle) {
  document.addEventListener(name, (event) => {
    const { ctx } = /** @type {CustomEvent} */ (event).detail;
    if (ctx?.request?.method === 'POST') handle(ctx, event);
  });
}

/** @type {ReportPress} */
function report({ submitter }, text) {
  find('.no-answer')?.remove();
  const message = document.createElement('p');
  message.className = 'no-answer';
  message.role = 'alert';
  message.textContent = `✕ ${text}`;
  (submitter ?? find('#run-button'))?.after(message); // no button: by the keyboard
}
