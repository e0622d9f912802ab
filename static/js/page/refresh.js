/** Fragments from the server, which HTMX fetches again when they are out of date. */

import { find, findAll } from '../shared/dom.js';

/**
 * Refresh visible fragments that are out of date. `data-shown` is the version shown, `now` the one
 * that came with the page. Tables and the heat map depend on the round. A replay shows the result
 * only at its end.
 * @param {Stage} stage
 */
export function refresh({ root, run, feed, status, round, selection }) {
  const [from, to] = selection?.map(Math.round) ?? [];
  for (const [name, value] of Object.entries({ round, from, to })) {
    const field = find(`input[name=${name}]`, root);
    field.disabled = value === undefined;
    field.value = String(value);
  }
  const progress = run.replay ? [] : [status, feed.firings];
  const key = [...progress, selection].join();
  for (const place of findAll('[data-shown]', root)) {
    const version = place.closest('details, [data-chart=heat]') ? `${round} ${key}` : key;
    const { shown } = place.dataset;
    if (shown === version || !place.checkVisibility()) continue;
    place.dataset.shown = version;
    if (shown !== 'now' || selection) place.dispatchEvent(new Event('refresh'));
  }
}
