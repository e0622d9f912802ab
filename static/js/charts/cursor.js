/** One cursor and one selection for all charts over time: by pointer, touch and keyboard. */

import { announce, find, findAll, hit, write } from '../shared/dom.js';
import { duration } from '../shared/format.js';
import { MARGIN } from './plot.js';
import { requestInWords } from './segments.js';

const STEPS = 200; // of the keyboard's cursor from end to end
const DRAG = 5; // CSS pixels below which it was a click
const QUIET_MS = 700; // then a screen reader is told where it stands
const SURFACE = '[data-surface]';

/** @type {(value: number, low: number, high: number) => number} */
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Where its time axis lies: left, width. @type {(surface: HTMLElement) => Point} */
const axisOf = ({ clientWidth, dataset }) =>
  dataset.surface === 'lane'
    ? [0, clientWidth]
    : [MARGIN.left, clientWidth - MARGIN.left - MARGIN.right];

/** @type {(stage: Stage) => Cursor} */
export function cursorOf(stage) {
  const { root } = stage;
  const reading = find('#reading', root);
  const surfaces = findAll(SURFACE, root);
  let at_ms = /** @type {number | null} */ (null);
  let pinned = false;
  let lane = 0;
  let request = -1;
  let drag = /** @type {{x: number, at_ms: number} | null} */ (null);
  let saying = 0;

  /** @type {TimeAt} */
  const timeAt = ({ clientX }, surface) => {
    const [left, width] = axisOf(surface);
    const [from_ms, to_ms] = stage.span;
    const share = (clientX - surface.getBoundingClientRect().left - left) / width;
    return from_ms + clamp(share, 0, 1) * (to_ms - from_ms);
  };

  /** @type {PointAt} */
  const point = (event, surface) => {
    at_ms = timeAt(event, surface);
    request = -1;
    const pointed = stage.lanes.find(({ plot }) => plot === surface);
    if (pointed) {
      lane = pointed.position;
      const { waterfall } = pointed;
      request = waterfall.requestAt(event.clientY - waterfall.canvas.getBoundingClientRect().top);
    }
    stage.wake();
  };

  const leave = () => {
    if (pinned || at_ms === null || drag) return;
    if (surfaces.some((one) => one === document.activeElement)) return;
    at_ms = null;
    stage.wake();
  };

  const clear = () => {
    stage.select(null);
    stage.keepSelection();
    pinned = false;
    at_ms = null;
    stage.wake();
  };

  const words = () => {
    if (at_ms === null) return '';
    const { data, model } = stage.lanes[lane];
    const firing = stage.feed.columns.firing(lane, model.round);
    return [
      `${pinned ? 'pinned ' : ''}${data.letter} at ${duration(at_ms)}`,
      ...(firing?.state[request] ? [requestInWords(firing, request, stage.run.failures)] : []),
      ...stage.panel.read(lane, at_ms),
    ].join(' · ');
  };

  /** @type {(event: PointerEvent) => boolean} */
  const dragged = ({ clientX }) => Boolean(drag) && Math.abs(clientX - Number(drag?.x)) >= DRAG;

  root.addEventListener('pointerdown', (event) => {
    const surface = hit(event, SURFACE);
    if (surface && !event.button) drag = { x: event.clientX, at_ms: timeAt(event, surface) };
  });
  root.addEventListener('pointermove', (event) => {
    const surface = hit(event, SURFACE);
    if (!event.buttons) drag = null; // it was let go elsewhere
    if (!surface) return leave();
    if (drag && dragged(event)) {
      const ends = [drag.at_ms, timeAt(event, surface)].sort((a, b) => a - b);
      stage.select(/** @type {Span} */ (ends));
    }
    if (!pinned) point(event, surface);
  });
  root.addEventListener('pointerup', (event) => {
    const surface = hit(event, SURFACE);
    if (surface && drag && !dragged(event)) {
      pinned = !pinned;
      point(event, surface);
    } else if (drag) stage.keepSelection();
    drag = null;
  });
  root.addEventListener('pointerleave', leave);
  root.addEventListener('pointercancel', () => {
    drag = null;
    leave();
  });
  root.addEventListener('dblclick', (event) => {
    if (hit(event, SURFACE)) clear();
  });
  root.addEventListener('click', (event) => {
    if (hit(event, '[data-clear]')) clear();
  });

  root.addEventListener('keydown', (event) => {
    const surface = hit(event, SURFACE);
    if (event.key === 'Escape') {
      surface?.blur();
      return clear();
    }
    if (!surface || event.ctrlKey || event.metaKey || event.altKey) return;
    const { span, lanes } = stage;
    const before_ms = at_ms ?? span[0];
    const step_ms = ((span[1] - span[0]) / STEPS) * (event.shiftKey ? 10 : 1);
    /** @type {Record<string, number>} */
    const places = {
      ArrowLeft: before_ms - step_ms,
      ArrowRight: before_ms + step_ms,
      Home: 0,
      End: span[1],
    };
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0;
    if (!(event.key in places) && !by) return;
    event.preventDefault();
    lane = clamp(lane + by, 0, lanes.length - 1);
    at_ms = clamp(places[event.key] ?? before_ms, ...span);
    request = -1;
    if (by && surface.dataset.surface === 'lane') lanes[lane].plot.focus();
    clearTimeout(saying);
    saying = window.setTimeout(() => announce(words()), QUIET_MS);
    stage.wake();
  });

  return {
    get at_ms() {
      return at_ms;
    },
    get dragged() {
      return Boolean(drag);
    },
    words,
    /** Lines, stretches and words, where they belong now. */
    draw() {
      const { span, selection } = stage;
      for (const surface of surfaces) {
        const [left, width] = axisOf(surface);
        const x = (/** @type {number} */ ms) =>
          left + clamp((ms - span[0]) / (span[1] - span[0]), 0, 1) * width;
        const [stretch, line] = findAll(':scope > i', surface);
        line.hidden = at_ms === null;
        line.style.left = `${x(at_ms ?? 0)}px`;
        stretch.hidden = !selection;
        if (!selection) continue;
        const [from, to] = selection.map(x);
        stretch.style.left = `${from}px`;
        stretch.style.width = `${to - from}px`;
      }
      reading.classList.toggle('pinned', pinned);
      write(reading, words());
    },
  };
}
