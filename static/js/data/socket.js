/** The page's one websocket: binary frames and JSON events; reconnects. */

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;
const SEEN_EVERY_MS = 250;

export class Socket {
  #socket = /** @type {WebSocket | null} */ (null);
  #wait_ms = FIRST_WAIT_MS;
  #received = 0;
  #said = 0;
  #saidAt_ms = 0;
  #lostOnce = false;
  #listener;
  lastHeard_ms = performance.now();

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
    return this.#lostOnce ? 'lost' : 'connecting';
  }

  /** @param {string} run @param {number} [replay] at which of its speeds */
  watch(run, replay) {
    if (this.open) this.#socket?.send(JSON.stringify({ watch: run, replay }));
  }

  /** Whether something was drawn that the hub does not know of yet. */
  get behind() {
    return this.open && this.#said !== this.#received;
  }

  /** To be called after drawing: the hub sends on when it knows what was seen. */
  drawn() {
    const now_ms = performance.now();
    if (!this.behind || now_ms - this.#saidAt_ms < SEEN_EVERY_MS) return;
    this.#said = this.#received;
    this.#saidAt_ms = now_ms;
    this.#socket?.send(JSON.stringify({ seen: this.#said }));
  }

  #connect() {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${location.host}/ws/`);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => this.#message(data);
    socket.onclose = () => this.#lost();
    this.#socket = socket;
  }

  #opened() {
    this.#wait_ms = FIRST_WAIT_MS;
    this.#received = this.#said = 0;
    this.lastHeard_ms = performance.now();
    this.#listener.open();
    this.#listener.changed();
  }

  /** @param {string | ArrayBuffer} data */
  #message(data) {
    this.lastHeard_ms = performance.now();
    if (typeof data === 'string') return this.#listener.event(JSON.parse(data));
    this.#received++;
    this.#listener.frame(data);
  }

  #lost() {
    this.#lostOnce = true;
    this.#listener.changed();
    setTimeout(() => this.#connect(), this.#wait_ms);
    this.#wait_ms = Math.min(2 * this.#wait_ms, LONGEST_WAIT_MS);
  }
}
