/** Before the first run: a run that never was, for the axes of the figures that stand there. */

/** @import { RunData } from './feed.js' */

/**
 * @param {HTMLElement} root
 * @returns {RunData}
 */
export function emptyRun(root) {
  const figures = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll('.waterfall'));
  return {
    id: '',
    status: 'empty',
    lanes: [...figures].map(({ dataset }) => ({
      name: dataset.name ?? '',
      family: dataset.family ?? '',
      letter: dataset.letter ?? '',
      concurrency: '',
      k: null,
    })),
    requests: 100,
    concurrency: 100,
    rounds: 1,
    wait_s: null,
    frames_url: '',
    result_url: '',
    stop_url: '',
  };
}
