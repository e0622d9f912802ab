/** The page's websocket: binary frames and JSON events; it reconnects. */

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;
const SEEN_EVERY_MS = 250;
// A connection that has silently ended looks like one on which nothing happens. Silence is counted
// in checks, not in time: while the page was held up, messages wait to be handled.
const CHECK_MS = 500;
const SILENT_CHECKS = 6; // the server sends a beat each second
const OPENING_CHECKS = 20; // a server that is held up answers late

export class Socket {
  #socket = /** @type {WebSocket | null} */ (null); // null between two connections
  #wait_ms = FIRST_WAIT_MS;
  #received = 0;
  #reported = 0;
  #reportedAt_ms = 0;
  #silent = 0; // checks
  #wasLost = false;
  #listener;
  lastMessage_ms = performance.now();

  /** @param {Listener} listener */
  constructor(listener) {
    this.#listener = listener;
    this.#connect();
    setInterval(() => this.#check(), CHECK_MS);
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
    if (run) this.#send({ watch: run, replay });
  }

  /** Whether the page's queue is still that version; an event `line` answers if not. @param {string} [version] */
  compareQueue(version = '') {
    this.#send({ queue: version });
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
    this.#send({ seen: this.#reported });
  }

  /** @param {object} message */
  #send(message) {
    if (this.open) this.#socket?.send(JSON.stringify(message));
  }

  #connect() {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${location.host}${document.body.dataset.socket}`);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => this.#message(data);
    socket.onclose = () => this.#lost();
    this.#socket = socket;
    this.#silent = 0;
  }

  #opened() {
    this.#wait_ms = FIRST_WAIT_MS;
    this.#received = this.#reported = this.#silent = 0;
    this.lastMessage_ms = performance.now();
    this.#listener.open(this.#wasLost);
    this.#listener.changed();
  }

  /** @param {string | ArrayBuffer} data */
  #message(data) {
    this.#silent = 0;
    this.lastMessage_ms = performance.now();
    if (typeof data === 'string') return this.#event(JSON.parse(data));
    this.#received++;
    this.#listener.frame(data);
  }

  /** @param {PageEvent | BeatEvent} event */
  #event(event) {
    if (event.event !== 'beat') return this.#listener.event(event);
    this.#send({ beat: 1 });
    this.#listener.beat(event.now_ms);
  }

  #check() {
    const most = this.open ? SILENT_CHECKS : OPENING_CHECKS;
    if (this.#socket && ++this.#silent > most) this.#lost();
  }

  #lost() {
    const socket = this.#socket;
    this.#socket = null;
    if (socket) {
      // Its end may be reported long after the next connection was made.
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    this.#wasLost = true;
    this.#listener.changed();
    setTimeout(() => this.#connect(), this.#wait_ms);
    this.#wait_ms = Math.min(2 * this.#wait_ms, LONGEST_WAIT_MS);
  }
}
