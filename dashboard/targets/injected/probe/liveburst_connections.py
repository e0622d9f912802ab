"""Counts connections to databases, by alias, at Django's own `connect` and `close`.

A connection that nothing closes ends with its wrapper, when the garbage collector finds that. The
callback of a weak reference may run in the middle of anything, so it takes no lock. Connections
of the bystander's requests are in no count. Part of the probe: standard library alone, Python 3.9.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from typing import Any

from liveburst_counters import LOAD
from liveburst_database import DROPPED, Database, Held
from liveburst_request import UNKNOWN, current_request, now
from liveburst_unpatched import unpatched

MOST_ALIASES = 8  # of which connections are counted
COLUMNS = ("connections_open", "connections_waiting")
HELD = "_liveburst_held"  # on a wrapper of Django's: its open connection


class Connections:
    """The connections of this process, by database.

    The lock may be taken twice: while its owner allocates, garbage may be collected, and a
    finalizer of the project's may close a connection.
    """

    def __init__(self) -> None:
        self.lock = unpatched("_thread", "RLock")()
        self.databases: dict[str, Database] = {}

    def of(self, wrapper: Any) -> Database | None:
        """Return the database of a wrapper of Django's; None beyond the first MOST_ALIASES."""
        alias = str(wrapper.alias)
        database = self.databases.get(alias)
        if database is None and len(self.databases) < MOST_ALIASES:
            with self.lock:
                database = self.databases.setdefault(alias, Database(alias, type(wrapper)))
        return database

    def connect(self, wrapper: Any, connect: Callable[[], Any]) -> Any:
        """Open a wrapper's connection, counted and timed."""
        database, request = self.of(wrapper), current_request()
        if database is None:
            return connect()
        for_load = request is None or request.counters is LOAD
        if for_load:
            with self.lock:
                database.begin_wait()
        entered = now()
        try:
            result = connect()
        finally:
            if for_load:
                waited_ns = now() - entered
                with self.lock:
                    database.end_wait(waited_ns)
        self.opened(database, wrapper, Held(wrapper, for_load, request is not None))
        return result

    def opened(self, database: Database, wrapper: Any, held: Held) -> None:
        """Count a connection that was opened; the wrapper's last one is closed by then."""
        self.closed(database, wrapper)
        setattr(wrapper, HELD, held)
        with self.lock:
            self._forget_dropped()  # so that the peak is no higher than it was
            database.add(held, wrapper)

    def closed(self, database: Database, wrapper: Any) -> None:
        """Count that the connection of a wrapper is closed, if it was counted as open."""
        held = wrapper.__dict__.pop(HELD, None)
        if held is not None:
            with self.lock:
                database.remove(held)

    def begin(self) -> None:
        """Begin a firing: peaks start from the present values, sums from 0."""
        with self.lock:
            self._forget_dropped()
            for database in self.databases.values():
                database.begin()

    def report(self, *, final: bool) -> list[dict[str, Any]] | None:
        """Return the counts of each database; None if none was used."""
        if not self.databases:
            return None
        with self.lock:
            self._forget_dropped()
            return [database.report(final=final) for database in self.databases.values()]

    def columns(self) -> dict[str, int]:
        """Return the load's open connections and those waited for; -1 if none was ever used."""
        databases = list(self.databases.values())
        if not databases:
            return dict.fromkeys(COLUMNS, UNKNOWN)
        counts = (sum(each.open for each in databases), sum(each.waiting for each in databases))
        return dict(zip(COLUMNS, counts))

    def _forget_dropped(self) -> None:
        while DROPPED:
            held = DROPPED.popleft()
            for database in self.databases.values():
                database.drop(held)


CONNECTIONS = Connections()


def watch_connections() -> None:
    """Count the connections that Django opens and closes."""
    if "django.db" not in sys.modules:
        return
    wrapper: Any = importlib.import_module("django.db.backends.base.base").BaseDatabaseWrapper
    connect, close = wrapper.connect, wrapper.close
    if hasattr(connect, "liveburst"):
        return

    @functools.wraps(connect)
    def counted_connect(self: Any, *args: Any, **kwargs: Any) -> Any:
        return CONNECTIONS.connect(self, lambda: connect(self, *args, **kwargs))

    @functools.wraps(close)
    def counted_close(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return close(self, *args, **kwargs)
        finally:
            # In a transaction Django keeps the connection that it has closed until the end of it.
            if HELD in self.__dict__ and (self.connection is None or self.closed_in_transaction):
                database = CONNECTIONS.of(self)
                if database is not None:
                    CONNECTIONS.closed(database, self)

    counted_connect.liveburst = True  # type: ignore[attr-defined]
    wrapper.connect, wrapper.close = counted_connect, counted_close
    count_earlier_ones()


def count_earlier_ones() -> None:
    """Count the connections that this thread opened while the project was imported; no load's."""
    try:
        wrappers = sys.modules["django.db"].connections.all(initialized_only=True)
    except Exception:  # an older Django, or one without settings
        return
    for wrapper in wrappers:
        database = CONNECTIONS.of(wrapper) if wrapper.connection is not None else None
        if database is not None:
            CONNECTIONS.opened(database, wrapper, Held(wrapper, False, False))
