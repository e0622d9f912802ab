"""Requests: as many threads as requests may be in flight, each with a session."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from http.client import HTTPException, IncompleteRead, LineTooLong
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from dashboard.wire.failure import Failure
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.plan.plan import Firing
from dashboard.wire.tls import client_context
from dashboard.wire.units import NS_PER_S

from .driver import Call, ClientDriver
from .failures import Table, failure_of

READ_BYTES = 65_536
FAILURES: Table = (
    (requests.Timeout, Failure.TIMEOUT),
    (requests.exceptions.SSLError, Failure.TLS),
    (IncompleteRead, Failure.CLOSED),
    (urllib3.exceptions.IncompleteRead, Failure.CLOSED),
    (LineTooLong, Failure.ENDLESS_HEAD),
    (HTTPException, Failure.MALFORMED),
    (urllib3.exceptions.InvalidHeader, Failure.MALFORMED),
    (urllib3.exceptions.DecodeError, Failure.MALFORMED),
    (urllib3.exceptions.NewConnectionError, Failure.UNREACHABLE),
    (urllib3.exceptions.ProtocolError, Failure.CLOSED),
)


class RequestsThreadsDriver(ClientDriver):
    """Drives one firing by `requests`.

    A thread cannot be cancelled. After a Stop its socket is shut down, which wakes it up; its
    result is not recorded, and it is not joined.
    """

    def __init__(self, firing: Firing) -> None:
        self._stopping = threading.Event()
        self._sockets: dict[Call, socket.socket] = {}
        super().__init__(firing)

    def stop(self) -> None:
        """Record what is in flight as aborted, and wake up the threads that wait for it."""
        super().stop()
        self._stopping.set()
        for connected in list(self._sockets.values()):
            with suppress(OSError):  # already closed
                connected.shutdown(socket.SHUT_RDWR)

    async def close(self) -> None:
        """Do nothing: `stop` has ended what can be ended."""

    def note_socket(self, call: Call, connected: socket.socket) -> None:
        """Note the socket that a call waits for."""
        self._sockets[call] = connected

    def _start_worker(self) -> None:
        with suppress(RuntimeError):  # no more threads can be started: the others continue
            threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        with _session(self._firing) as session:
            free = self.now()
            while call := self._take(free):
                early = call.due - self.now()
                if early > 0:
                    self._stopping.wait(early / NS_PER_S)
                if not self._begin(call):
                    return
                self._fire(session, call)
                free = call.done

    def _fire(self, session: requests.Session, call: Call) -> None:
        failure = Failure.NONE
        _current.driver, _current.call = self, call
        try:
            call.status = self._request(session, call)
        except Exception as error:  # any exception becomes a row
            failure = failure_of(error, FAILURES)
        self._finish(call, failure)
        self._sockets.pop(call, None)
        if not self._firing.keep_alive:
            session.close()  # its connections; it may be used again

    def _request(self, session: requests.Session, call: Call) -> int:
        left_s = max(self._time_left_s(call), 1 / NS_PER_S)
        with session.request(
            self._firing.method,
            self.url(),
            headers=dict(self.headers()),
            data=self.body(),
            timeout=(left_s, left_s),  # for connecting and for each read
            allow_redirects=False,
            stream=True,  # so that a body which trickles in has a timeout as a whole
        ) as response:
            self.read_head(call, response.headers)
            for _ in response.iter_content(READ_BYTES):
                if self._time_left_s(call) <= 0:
                    raise requests.Timeout
            return response.status_code


class _Current(threading.local):
    """The call that this thread is making."""

    driver: RequestsThreadsDriver
    call: Call


_current = _Current()


class _StampMixin:
    """Stamps when urllib3's connections connect and send; there is no other source."""

    sock: Any

    def connect(self) -> None:
        _current.call.connecting = _current.driver.now()
        super().connect()  # type: ignore[misc]

    def send(self, data: Any) -> None:
        if self.sock is None:  # else it would be made after the stamp
            self.connect()
        call = _current.call
        _current.driver.note_socket(call, self.sock)
        call.sent = _current.driver.now()
        if call.sent_first == UNKNOWN:
            call.sent_first = call.sent
        super().send(data)  # type: ignore[misc]


class _Connection(_StampMixin, HTTPConnection):
    pass


class _TlsConnection(_StampMixin, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(pool_maxsize=1)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options, ssl_context=self._context)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


def _session(firing: Firing) -> requests.Session:
    """Return a session that uses no proxy and verifies certificates as the context does."""
    urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    session = requests.Session()
    session.trust_env = False
    context = client_context(firing.host, firing.ca)
    session.verify = firing.ca or context.verify_mode == ssl.CERT_REQUIRED
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(context))
    return session
