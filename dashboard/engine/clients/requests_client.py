"""Requests: a session in each of as many threads as requests may be in flight."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from http.client import HTTPException, IncompleteRead, LineTooLong
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from dashboard.engine.http.tls import loopback_tls
from dashboard.wire.failure import Failure
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.plan import Firing
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


class Threads(ClientDriver):
    """A firing by `requests`.

    A thread cannot be cancelled. After a Stop its socket is shut down, which wakes it up; what
    it says then is not recorded, and nobody waits for it.
    """

    def __init__(self, firing: Firing) -> None:
        self._stopping = threading.Event()
        self._sockets: dict[Call, socket.socket] = {}
        super().__init__(firing)

    def stop(self) -> None:
        """Record what is in flight as aborted, and wake up who waits for it."""
        super().stop()
        self._stopping.set()
        for waited_for in list(self._sockets.values()):
            with suppress(OSError):  # it is closed
                waited_for.shutdown(socket.SHUT_RDWR)

    async def close(self) -> None:
        """Nothing can be ended that was not ended by `stop`."""

    def uses(self, call: Call, connected: socket.socket) -> None:
        """The call waits for this socket."""
        self._sockets[call] = connected

    def _start_worker(self) -> None:
        with suppress(RuntimeError):  # no more threads are to be had: those that there are go on
            threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        with _session() as session:
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
        _at.driver, _at.call = self, call
        try:
            call.status = self._ask(session, call)
        except Exception as error:  # whatever it is, it is a row
            failure = failure_of(error, FAILURES)
        self._finish(call, failure)
        self._sockets.pop(call, None)
        if not self._firing.keep_alive:
            session.close()  # its connections; it may be used again

    def _ask(self, session: requests.Session, call: Call) -> int:
        left_s = max(self._left_s(call), 1 / NS_PER_S)
        with session.request(
            self._firing.method,
            self.url(),
            headers=dict(self.headers()),
            data=self.body(),
            timeout=(left_s, left_s),  # for connecting and for each read
            allow_redirects=False,
            stream=True,  # so that a body which comes in drops has a timeout as a whole
        ) as answer:
            self.read_head(call, answer.headers)
            for _ in answer.iter_content(READ_BYTES):
                if self._left_s(call) <= 0:
                    raise requests.Timeout
            return answer.status_code


class _At(threading.local):
    """What this thread is at."""

    driver: Threads
    call: Call


_at = _At()


class _Stamps:
    """For urllib3's connections: notes when they connect and send, which nothing else tells."""

    sock: Any

    def connect(self) -> None:
        _at.call.connecting = _at.driver.now()
        super().connect()  # type: ignore[misc]

    def send(self, data: Any) -> None:
        if self.sock is None:  # else it would be made after the stamp
            self.connect()
        call = _at.call
        _at.driver.uses(call, self.sock)
        call.sent = _at.driver.now()
        if call.sent_first == UNKNOWN:
            call.sent_first = call.sent
        super().send(data)  # type: ignore[misc]


class _Connection(_Stamps, HTTPConnection):
    pass


class _TlsConnection(_Stamps, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options, ssl_context=loopback_tls())
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


def _session() -> requests.Session:
    """One that goes straight to the server, and looks at no certificate."""
    urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    session = requests.Session()
    session.trust_env = False
    session.verify = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(pool_maxsize=1))
    return session
