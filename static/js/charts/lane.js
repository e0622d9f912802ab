/** One lane's figure: caption, axis, bars, the line of its theory. */

import { find, write } from '../shared/dom.js';
import { count, duration, speed } from '../shared/format.js';
import { Plot, timeMarks } from './plot.js';
import { paintsOf } from './theme.js';
import { waterfallOn } from './waterfall.js';

const HEAD_HEIGHT = 18; // CSS pixels above the bars, for the theory's label
const MARGIN = { left: 0, right: 0, top: 0, bottom: 24 };

export class Lane {
  #grid = ''; // of the axis that is drawn
  #ratio = 0;
  #shown = /** @type {Firing | undefined} */ (undefined);

  /** @param {number} position @param {LaneData} data @param {HTMLElement} figure @param {number} [replay] its speed */
  constructor(position, data, figure, replay) {
    this.position = position;
    this.data = data;
    this.figure = figure;
    this.plot = find('.plot', figure);
    this.waterfall = waterfallOn(find('canvas.bars', figure));
    this.summary = find('.summary', figure);
    this.replay = '';
    this.markReplay(replay);
    this.paints = paintsOf(figure);
    /** What the canvas shows, for the caption and tests. */
    this.model = {
      lane: position,
      name: data.name,
      round: 0,
      begun: 0,
      finished: 0,
      failed: 0,
      faint: false,
      axisEnd_ms: 0,
      now_ms: 0,
    };
  }

  /** Name the replay on the picture and in its clock; at 0 there is none. @param {number} [value] */
  markReplay(value = 0) {
    this.replay = value ? `replay at ${speed(value)}, ` : '';
    if (value) this.plot.dataset.replay = `replay ${speed(value)}`;
    else delete this.plot.dataset.replay;
  }

  get #barsHeight() {
    return this.plot.clientHeight - MARGIN.bottom - HEAD_HEIGHT;
  }

  /** @param {number} ratio */
  resize(ratio) {
    const { clientWidth } = this.plot;
    if (!clientWidth) return; // a phone shows another lane
    this.paints = paintsOf(this.figure);
    this.waterfall.resize(clientWidth, this.#barsHeight, ratio);
    this.#grid = '';
    this.#ratio = ratio;
  }

  /** @param {Drawn} feed @param {Shown} shown */
  draw(feed, { round, span, rows, selection }) {
    // Until the shown round begins here, the previous one stays, faintly.
    let fired = round;
    while (fired && !feed.columns.firing(this.position, fired)) fired--;
    const firing = feed.columns.firing(this.position, fired);
    const which = firing ? fired : round;
    const faint = which !== round;
    const now_ms = feed.now(this.position, which);
    const { requests } = feed.run;
    this.#axis(span);
    const grown_ms = firing?.reported_ms ?? 0;
    const view = { span, rows, selection, requests, faint, now_ms: grown_ms };
    this.waterfall.draw(firing, `${which} ${firing?.every}`, view, this.paints);
    this.#shown = firing;
    const { begun = 0, finished = 0, failed = 0 } = firing ?? {};
    const shown = { round: which, faint, axisEnd_ms: span[1], now_ms, begun, finished, failed };
    Object.assign(this.model, shown);
  }

  /** @param {Span} span */
  #axis(span) {
    if (`${span}` === this.#grid || !this.#ratio) return;
    this.#grid = `${span}`;
    const { clientWidth: width, clientHeight } = this.plot;
    const size = { width, height: clientHeight - HEAD_HEIGHT };
    const plot = new Plot(find('canvas.grid', this.figure), size, this.#ratio, MARGIN);
    plot.axes(timeMarks(span, width), []);
    const at = (1000 * (this.data.mark_s ?? 0) - span[0]) / (span[1] - span[0]);
    const theory = find('.theory', this.figure);
    theory.hidden = at <= 0 || at > 1;
    theory.style.translate = `${Math.round(at * width)}px`; // which is no shift of the layout
    theory.classList.toggle('leftwards', at > 0.6);
    write(theory.firstElementChild, this.data.mark);
  }

  /** @type {LaneWords} */
  words(requests, active, loading) {
    const { round, begun, finished, failed, faint, now_ms } = this.model;
    const which = round === 0 ? 'warm-up' : `round ${round}`;
    const { every = 1, cutOff = 0 } = this.#shown ?? {};
    const done = `${count(finished - cutOff)} of ${count(round ? requests : begun)}`;
    const errors = failed ? `, ✕ ${count(failed)} failed` : '';
    const cut = cutOff ? `, ${count(cutOff)} cut off by Stop` : '';
    const part = every > 1 ? `, drawing 1 in ${every}` : '';
    const text = `${this.replay}${faint ? `${which}: ` : ''}${done} after ${duration(now_ms)}${errors}${cut}${part}`;
    const none = loading ? 'loading…' : active ? 'waiting for its turn' : 'no requests';
    write(this.summary, begun ? text : `${this.replay}${none}`);
  }
}
