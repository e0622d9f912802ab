/** What the server says: places that HTMX fills anew when they are out of date. */

import { find, findAll } from '../shared/dom.js';

/**
 * Ask for what is in sight and out of date. `data-said` holds what a place was asked for; `now`
 * is what came with the page. Tables and the heat are of the round in front, all else of all
 * rounds. In a replay everything is known already, and nothing of it is told before its end.
 * @param {Stage} stage
 */
export function say({ root, run, feed, status, round, selection }) {
  const [from, to] = selection?.map(Math.round) ?? [];
  for (const [name, value] of Object.entries({ round, from, to })) {
    const field = find(`input[name=${name}]`, root);
    field.disabled = value === undefined;
    field.value = String(value);
  }
  const news = run.replay ? [] : [status, feed.firings];
  const key = [...news, selection].join();
  for (const place of findAll('[data-said]', root)) {
    const wanted = place.closest('details, [data-chart=heat]') ? `${round} ${key}` : key;
    const { said } = place.dataset;
    if (said === wanted || !place.checkVisibility()) continue;
    place.dataset.said = wanted;
    if (said !== 'now' || selection) place.dispatchEvent(new Event('say'));
  }
}
