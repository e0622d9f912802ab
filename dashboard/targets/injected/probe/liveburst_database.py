"""The connections to one database, and the pool of psycopg that they are from; part of the probe.

Standard library alone, Python 3.9.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
import weakref
from collections import deque
from typing import Any

DROPPED: deque[Held] = deque()  # connections whose wrapper ended without being closed
# The counters of psycopg's pool, whose values since the firing began are reported.
POOL_COUNTERS = ("requests_queued", "requests_wait_ms", "connections_num")


class Held:
    """An open connection: whether it is the load's, and the thread that opened it.

    `in_request`: opened while a request was answered, at whose end Django closes it if its
    CONN_MAX_AGE is 0.
    """

    __slots__ = ("firing", "for_load", "in_request", "thread", "wrapper")

    def __init__(self, wrapper: Any, for_load: bool, in_request: bool) -> None:
        self.for_load, self.in_request = for_load, in_request
        self.firing = 0  # the database's number of the firing in which it was opened
        self.thread = weakref.ref(running_thread())
        self.wrapper: Any = weakref.ref(wrapper, lambda _: DROPPED.append(self))

    def has_lost_its_thread(self) -> bool:
        """Return True if the thread that opened it has ended: nothing else may use it."""
        thread: Any = self.thread()
        if thread is None:
            return True
        alive = getattr(thread, "is_alive", None)
        return bool(thread.dead) if alive is None else not alive()


def running_thread() -> Any:
    """Return the thread, under gevent the greenlet, that runs this code."""
    monkey = sys.modules.get("gevent.monkey")
    if monkey is not None and monkey.is_module_patched("threading"):
        return importlib.import_module("greenlet").getcurrent()
    return threading.current_thread()


class Database:
    """Connections to one database: those open now, and counts since the firing began.

    Its methods are called under a lock. `wrapper_class` is Django's class of its connections.
    """

    def __init__(self, alias: str, wrapper_class: Any) -> None:
        self.alias = alias
        self.wrapper_class = wrapper_class
        self.firing = 0
        self.held: dict[int, Held] = {}
        self.open = self.most_open = 0
        self.opened = self.collected = 0
        self.waiting = self.most_waiting = 0
        self.waited_ns = self.longest_wait_ns = 0
        self.max_age_s: float | None = 0
        self.pool_at_begin: dict[str, int] = {}
        self.can_pool = can_pool(wrapper_class)

    def begin(self) -> None:
        """Begin a firing."""
        self.firing += 1
        self.most_open, self.most_waiting = self.open, self.waiting
        self.opened = self.collected = self.waited_ns = self.longest_wait_ns = 0
        self.pool_at_begin = self.pool_stats()

    def begin_wait(self) -> None:
        """Count a request that wants a connection."""
        self.waiting += 1
        self.most_waiting = max(self.most_waiting, self.waiting)

    def end_wait(self, waited_ns: int) -> None:
        """Count a request that has its connection, or an error instead."""
        self.waiting -= 1
        self.waited_ns += waited_ns
        self.longest_wait_ns = max(self.longest_wait_ns, waited_ns)

    def add(self, held: Held, wrapper: Any) -> None:
        """Count a connection as open."""
        self.max_age_s = wrapper.settings_dict.get("CONN_MAX_AGE", 0)
        self.held[id(held)] = held
        held.firing = self.firing
        if held.for_load:
            self.opened += 1
            self.open += 1
            self.most_open = max(self.most_open, self.open)

    def remove(self, held: Held) -> bool:
        """Count a connection as closed; return False if it was not counted as open."""
        held.wrapper = None  # its callback is not called any more
        if self.held.pop(id(held), None) is None:
            return False
        self.open -= held.for_load
        return True

    def drop(self, held: Held) -> None:
        """Count a connection that the garbage collector closed, if it is one of this database."""
        if self.held.get(id(held)) is held and self.remove(held):
            self.collected += held.for_load

    def leaked(self) -> int:
        """Return the load's open connections of this firing that will not be used again.

        Those of a thread that has ended, and those of a request that Django was to close at its
        end.
        """
        at_its_end = self.max_age_s == 0
        return sum(
            held.has_lost_its_thread() or (at_its_end and held.in_request)
            for held in self.held.values()
            if held.for_load and held.firing == self.firing
        )

    def report(self, *, final: bool) -> dict[str, Any]:
        """Return the counts; `leaked` is known once no request is in the application."""
        pool = self.pool_stats()
        return {
            "alias": self.alias[:100],
            "opened": self.opened,
            "open": self.open,
            "most_open": self.most_open,
            "beside": len(self.held) - self.open,
            "collected": self.collected,
            "leaked": self.leaked() if final else 0,
            "most_waiting": self.most_waiting,
            "waited_ns": self.waited_ns,
            "longest_wait_ns": self.longest_wait_ns,
            "max_age_s": self.max_age_s,
            "can_pool": self.can_pool,
            "vendor": str(getattr(self.wrapper_class, "vendor", "unknown"))[:100],
            "established": pool.get("pool_size", 0) if pool else len(self.held),
            "pool": self.pool_numbers(pool) if pool else None,
        }

    def pool_numbers(self, pool: dict[str, int]) -> dict[str, int]:
        """Return limit, size and queue of the pool, with its counters since the firing began."""
        since = {
            name: pool.get(name, 0) - self.pool_at_begin.get(name, 0) for name in POOL_COUNTERS
        }
        return {
            "limit": pool.get("pool_max", 0),
            "size": pool.get("pool_size", 0),
            "waiting": pool.get("requests_waiting", 0),
            "queued": since["requests_queued"],
            "wait_ms": since["requests_wait_ms"],
            "opened": since["connections_num"],
        }

    def pool_stats(self) -> dict[str, int]:
        """Return the numbers that psycopg's pool counts; none if the database is not pooled."""
        pool: Any = getattr(self.wrapper_class, "_connection_pools", {}).get(self.alias)
        try:
            return dict(pool.get_stats())
        except (AttributeError, RuntimeError, TypeError):
            return {}


def can_pool(wrapper_class: Any) -> bool:
    """Return True if Django can pool connections of this class here."""
    pooled = hasattr(wrapper_class, "_connection_pools")
    return pooled and importlib.util.find_spec("psycopg_pool") is not None
