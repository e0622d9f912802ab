/**
 * What pointer, wheel and keys do in charts. A drag selects, with Shift it zooms to what it
 * selects. The wheel zooms at the pointer with Ctrl or ⌘, or in a focused chart, and otherwise
 * scrolls the page; with Shift it moves through the time.
 */

import { hit } from '../shared/dom.js';
import { clamp, SURFACE } from './cursor.js';

const KEYBOARD_STEPS = 200; // from end to end
const DRAG_PX = 5; // less is a click
const WHEEL_PX = 40; // more at once, as of a mouse, counts as this much
const WHEEL_SPEED = 0.01; // natural logarithm of the scale, per pixel
const LINE_PX = 16; // of a wheel that counts lines
const MODIFIER = navigator.platform?.startsWith('Mac') ? '⌘' : 'Ctrl';

/** @param {Stage} stage */
export function listenToGestures(stage) {
  const { root } = stage;
  listenToPointers(stage);
  root.addEventListener('wheel', (event) => wheel(stage, event), { passive: false });
  root.addEventListener('keydown', (event) => key(stage, event));
}

/** @param {Stage} stage @param {HTMLElement} surface */
function hintAt({ cursor, selection, wheeled }, surface) {
  if (cursor.drag || wheeled) return '';
  if (selection) return '+ zooms to the selection · Esc clears it';
  const wheels = surface === document.activeElement ? 'wheel zooms' : `${MODIFIER} + wheel zooms`;
  return `${wheels} · drag selects · click pins`;
}

/** Clear the selection and the cursor. @param {Stage} stage */
function clear(stage) {
  stage.select(null);
  stage.keepSelection();
  stage.cursor.clear();
}

/** The cursor follows the pointer, unless it is pinned or a chart has the focus. @param {Stage} stage */
function leave({ cursor }) {
  if (cursor.pinned || cursor.at_ms === null || cursor.drag) return;
  if (!cursor.surfaces.some((surface) => surface === document.activeElement)) cursor.clear();
}

/** @param {Cursor} cursor @param {PointerEvent} event */
const isDrag = ({ drag }, { clientX }) => drag && Math.abs(clientX - drag.x) >= DRAG_PX;

/** @param {Stage} stage @param {PointerEvent} event */
function move(stage, event) {
  const { cursor } = stage;
  const surface = hit(event, SURFACE);
  if (!event.buttons) cursor.drag = null; // released elsewhere
  if (!surface) return leave(stage);
  if (cursor.drag && isDrag(cursor, event)) {
    const ends = [cursor.drag.at_ms, cursor.timeAt(event.clientX, surface)];
    stage.select([Math.min(...ends), Math.max(...ends)]);
  }
  cursor.hint = event.pointerType === 'mouse' ? hintAt(stage, surface) : '';
  if (!cursor.pinned) cursor.point(event, surface);
}

/** @param {Stage} stage @param {PointerEvent} event */
function release(stage, event) {
  const { cursor } = stage;
  const surface = hit(event, SURFACE);
  const dragged = isDrag(cursor, event);
  if (surface && cursor.drag && !dragged) {
    cursor.pinned = !cursor.pinned;
    cursor.point(event, surface);
  } else if (cursor.drag) stage.keepSelection();
  cursor.drag = null;
  if (dragged && event.shiftKey) stage.zoom(1);
}

/** @param {Stage} stage */
function listenToPointers(stage) {
  const { root, cursor } = stage;
  root.addEventListener('pointerdown', (event) => {
    const surface = hit(event, SURFACE);
    const x = event.clientX;
    if (surface && !event.button) cursor.drag = { x, at_ms: cursor.timeAt(x, surface) };
  });
  root.addEventListener('pointermove', (event) => move(stage, event));
  root.addEventListener('pointerup', (event) => release(stage, event));
  root.addEventListener('pointerleave', () => leave(stage));
  root.addEventListener('pointercancel', () => {
    cursor.drag = null;
    leave(stage);
  });
  root.addEventListener('dblclick', (event) => hit(event, SURFACE) && clear(stage));
  root.addEventListener('click', (event) => hit(event, '[data-clear]') && clear(stage));
}

/** @param {Stage} stage @param {WheelEvent} event */
function wheel(stage, event) {
  const surface = hit(event, SURFACE);
  if (!surface) return;
  const { view, cursor } = stage;
  const scale_px = event.deltaMode ? LINE_PX : 1;
  const [across_px, down_px] = [event.deltaX * scale_px, event.deltaY * scale_px];
  const zooms = event.ctrlKey || event.metaKey;
  let done = false;
  if (event.shiftKey) {
    const [from_ms, to_ms] = view.span;
    const share = (across_px || down_px) / surface.clientWidth;
    done = view.move(share * (to_ms - from_ms), 0);
  } else if (zooms || surface === document.activeElement) {
    const factor = Math.exp(-clamp(down_px, -WHEEL_PX, WHEEL_PX) * WHEEL_SPEED);
    const { clientX, clientY } = event;
    const row = cursor.rowAt(clientY, surface);
    done = view.by(factor, cursor.timeAt(clientX, surface), row);
    stage.wheeled ||= done;
  }
  // What changes nothing scrolls the page, but never zooms it.
  if (done || zooms) event.preventDefault();
  if (done) stage.viewed();
}

/** @param {Stage} stage @param {KeyboardEvent} event */
function key(stage, event) {
  const surface = hit(event, SURFACE);
  if (event.key === 'Escape') {
    surface?.blur();
    return clear(stage);
  }
  if (!surface || event.ctrlKey || event.metaKey || event.altKey) return;
  const { view, cursor, lanes } = stage;
  const [from_ms, to_ms] = view.span;
  const step_ms = ((to_ms - from_ms) / KEYBOARD_STEPS) * (event.shiftKey ? 10 : 1);
  const end = { Home: 0, End: view.end_ms }[event.key];
  const steps = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
  const by = { ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0;
  const pages = { PageUp: -1, PageDown: 1 }[event.key] ?? 0;
  if (pages) {
    const [first, last] = view.range;
    if (!view.move(0, pages * (last - first))) return;
    event.preventDefault();
    return stage.viewed();
  }
  if (end === undefined && !steps && !by) return;
  event.preventDefault();
  const current = cursor.laneOf(surface)?.position ?? cursor.lane; // not that of the pointer
  const lane = clamp(current + by, 0, lanes.length - 1);
  const at_ms = clamp(end ?? (cursor.at_ms ?? from_ms) + steps * step_ms, 0, view.end_ms);
  const isLane = surface.dataset.surface === 'lane';
  if (by && isLane) lanes[lane].plot.focus();
  cursor.hint = '';
  cursor.goTo(at_ms, lane, isLane ? lanes[lane].plot : surface);
  if (at_ms < from_ms || at_ms > to_ms) {
    view.reveal(at_ms);
    stage.viewed();
  }
}
