/** The heartbeat: a connection on which nothing comes any more is replaced. */

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

/** @type {FakeSocket[]} */
const sockets = [];

class FakeSocket {
  static OPEN = 1;
  readyState = 0;
  closed = false;
  sent = /** @type {unknown[]} */ ([]);
  /** @type {() => void} */
  onopen = () => {};
  /** @type {((message: {data: string | ArrayBuffer}) => void) | null} */
  onmessage = null;
  /** @type {(() => void) | null} */
  onclose = null;

  constructor() {
    sockets.push(this);
  }

  open() {
    this.readyState = FakeSocket.OPEN;
    this.onopen();
  }

  /** @param {string} text */
  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.closed = true;
  }

  beat() {
    this.onmessage?.({ data: JSON.stringify({ event: 'beat', now_ms: 7 }) });
  }
}

const document = { baseURI: 'http://a/', body: { dataset: {} }, documentElement: { dataset: {} } };
Object.assign(globalThis, { WebSocket: FakeSocket, location: new URL('http://a/'), document });
const { Socket } = await import('../../static/js/data/socket.js');

/** A page's socket, which is open. */
function opened() {
  sockets.length = 0;
  mock.timers.reset();
  mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
  const beats = /** @type {number[]} */ ([]);
  const ignore = () => {};
  const socket = new Socket({
    open: ignore,
    event: ignore,
    frame: ignore,
    changed: ignore,
    beat: (now_ms) => beats.push(now_ms),
  });
  sockets[0].open();
  return { socket, beats };
}

test('each beat is answered, and keeps the connection', () => {
  const { socket, beats } = opened();
  for (let second = 0; second < 10; second++) {
    mock.timers.tick(1000);
    sockets[0].beat();
  }
  assert.equal(socket.state, 'live');
  assert.deepEqual(sockets[0].sent, new Array(10).fill({ beat: 1 }));
  assert.deepEqual(beats, new Array(10).fill(7));
});

test('no word in three seconds means reconnect', () => {
  const { socket } = opened();
  mock.timers.tick(3000);
  assert.equal(socket.state, 'live');
  mock.timers.tick(500);
  assert.equal(socket.state, 'lost');
  assert.ok(sockets[0].closed);
  assert.equal(sockets[0].onclose, null, 'its end may come much later');
  mock.timers.tick(500);
  assert.equal(sockets.length, 2);
  sockets[1].open();
  assert.equal(socket.state, 'live');
});

test('any message is a word', () => {
  const { socket } = opened();
  for (let second = 0; second < 10; second++) {
    mock.timers.tick(1000);
    sockets[0].onmessage?.({ data: new ArrayBuffer(0) });
  }
  assert.equal(socket.state, 'live');
});

test('a server that accepts and never answers is asked again', () => {
  const { socket } = opened();
  sockets[0].onclose?.();
  mock.timers.tick(500);
  assert.equal(sockets.length, 2);
  mock.timers.tick(10_500);
  assert.ok(sockets[1].closed);
  mock.timers.tick(1000);
  assert.equal(sockets.length, 3);
  sockets[2].open();
  assert.equal(socket.state, 'live');
});
