/** The page's websocket: binary frames and JSON events; it reconnects. */

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;
const SEEN_EVERY_MS = 250;

export class Socket {
  #socket = /** @type {WebSocket | null} */ (null);
  #wait_ms = FIRST_WAIT_MS;
  #received = 0;
  #reported = 0;
  #reportedAt_ms = 0;
  #wasLost = false;
  #listener;
  lastMessage_ms = performance.now();

  /** @param {Listener} listener */
  constructor(listener) {
    this.#listener = listener;
    this.#connect();
  }

  get open() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** @returns {'connecting' | 'live' | 'lost'} */
  get state() {
    if (this.open) return 'live';
    return this.#wasLost ? 'lost' : 'connecting';
  }

  /** @param {string} run @param {number} [replay] its speed */
  watch(run, replay) {
    if (this.open) this.#socket?.send(JSON.stringify({ watch: run, replay }));
  }

  /** True if the hub does not know yet of all that was drawn. */
  get behind() {
    return this.open && this.#reported !== this.#received;
  }

  /** Call after drawing: the hub sends more once it knows what was drawn. */
  drawn() {
    const now_ms = performance.now();
    if (!this.behind || now_ms - this.#reportedAt_ms < SEEN_EVERY_MS) return;
    this.#reported = this.#received;
    this.#reportedAt_ms = now_ms;
    this.#socket?.send(JSON.stringify({ seen: this.#reported }));
  }

  #connect() {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${location.host}${document.body.dataset.socket}`);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => this.#message(data);
    socket.onclose = () => this.#lost();
    this.#socket = socket;
  }

  #opened() {
    this.#wait_ms = FIRST_WAIT_MS;
    this.#received = this.#reported = 0;
    this.lastMessage_ms = performance.now();
    this.#listener.open();
    this.#listener.changed();
  }

  /** @param {string | ArrayBuffer} data */
  #message(data) {
    this.lastMessage_ms = performance.now();
    if (typeof data === 'string') return this.#listener.event(JSON.parse(data));
    this.#received++;
    this.#listener.frame(data);
  }

  #lost() {
    this.#wasLost = true;
    this.#listener.changed();
    setTimeout(() => this.#connect(), this.#wait_ms);
    this.#wait_ms = Math.min(2 * this.#wait_ms, LONGEST_WAIT_MS);
  }
}
