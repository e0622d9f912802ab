/**
 * Rows of requests in device pixels, for sharp bars. All of them fit, or those of a range; of
 * several on a row of pixels the first is shown, or the first that failed.
 */

const MAX_ROW = 28; // CSS pixels
const GAP_FROM = 4; // device pixels per row: with gaps from here on

export class Rows {
  /**
   * Height in device pixels, of which `ratio` are in a CSS pixel; `rows` are all if null.
   * @param {{requests: number, height: number, ratio: number, rows?: Chosen}} plot
   */
  constructor({ requests, height, ratio, rows = null }) {
    this.requests = requests;
    this.pitch = rows ? height / (rows[1] - rows[0]) : Math.min(height / requests, MAX_ROW * ratio);
    this.offset = rows ? Math.round(rows[0] * this.pitch) : 0;
    this.height = height;
  }

  get roomy() {
    return this.pitch >= 1;
  }

  /** Top and height of a request's bar. @type {TwoOf} */
  bar(request) {
    const top = Math.floor(request * this.pitch + 1e-9) - this.offset;
    const next = Math.floor((request + 1) * this.pitch + 1e-9) - this.offset;
    const gap = this.pitch >= 12 ? 2 : this.pitch >= GAP_FROM ? 1 : 0;
    return [top, Math.max(next - top - gap, 1)];
  }

  /** @param {number} request */
  visible(request) {
    const [top, height] = this.bar(request);
    return top + height > 0 && top < this.height;
  }

  /** The visible requests: first, and last plus one. @returns {[number, number]} */
  range() {
    const first = Math.floor(this.offset / this.pitch);
    const last = Math.ceil((this.offset + this.height) / this.pitch);
    return [Math.max(first, 0), Math.min(last, this.requests)];
  }

  /** The requests on the same row of pixels. @type {TwoOf} */
  sharing(request) {
    if (this.roomy) return [request, request + 1];
    const line = Math.floor(request * this.pitch + 1e-9);
    const first = Math.ceil(line / this.pitch - 1e-9);
    return [first, Math.min(Math.ceil((line + 1) / this.pitch - 1e-9), this.requests)];
  }
}
