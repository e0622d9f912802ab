"""Connections to databases as the probe counts them, with Django's own wrapper of SQLite."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections as connection_handler
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.sqlite3.base import DatabaseWrapper
from pytest_django import DjangoDbBlocker

from .calls import Probe

Open = Callable[..., Any]


@pytest.fixture
def connections(
    probe: Probe, monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker
) -> Iterator[Any]:
    """The counts of the probe, with Django patched until the test is over."""
    for name in ("connect", "close"):
        monkeypatch.setattr(BaseDatabaseWrapper, name, getattr(BaseDatabaseWrapper, name))
    monkeypatch.setattr(connection_handler, "all", lambda **_: [])
    probe.connections.watch_connections()
    with django_db_blocker.unblock():
        yield probe.connections.CONNECTIONS


@pytest.fixture
def opened(connections: Any, tmp_path: Path) -> Iterator[Open]:
    """Return a wrapper of Django's with an open connection; what is kept open is closed."""
    kept: list[Any] = []

    def open_one(max_age: int | None = 0, alias: str = "default", *, keep: bool = True) -> Any:
        settings: dict[str, Any] = {
            "ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "shop.sqlite3"),
            "OPTIONS": {}, "CONN_MAX_AGE": max_age, "CONN_HEALTH_CHECKS": False,
            "AUTOCOMMIT": True, "TIME_ZONE": None,
        }  # fmt: skip
        wrapper = DatabaseWrapper(settings, alias)
        wrapper.inc_thread_sharing()
        wrapper.connect()
        if keep:
            kept.append(wrapper)
        return wrapper

    yield open_one
    for wrapper in kept:
        wrapper.close()


def counts(connections: Any, *, final: bool = True) -> dict[str, Any]:
    (report,) = connections.report(final=final)
    found: dict[str, Any] = report
    return found


def in_request(probe: Probe, query: str = "") -> None:
    probe.request.set_current_request(probe.request.Request.of_query(query))


def test_what_is_opened_and_closed_is_counted(connections: Any, opened: Open) -> None:
    assert connections.report(final=False) is None
    assert connections.columns() == {"connections_open": -1, "connections_waiting": -1}
    first, second = opened(), opened()
    assert connections.columns() == {"connections_open": 2, "connections_waiting": 0}
    first.close()
    second.close()
    second.close()  # again, of which nothing changes
    second.connect()
    found = counts(connections)
    assert (found["alias"], found["opened"], found["open"], found["most_open"]) == (
        "default", 3, 1, 2,
    )  # fmt: skip
    assert 0 < found["longest_wait_ns"] < found["waited_ns"]
    assert (found["most_waiting"], found["leaked"], found["pool"]) == (1, 0, None)


def test_a_firing_begins_with_the_present_connections(connections: Any, opened: Open) -> None:
    opened()
    opened().close()
    connections.begin()
    found = counts(connections)
    assert [found[name] for name in ("opened", "open", "most_open", "waited_ns")] == [0, 1, 1, 0]


def test_each_alias_is_counted_by_itself_and_not_too_many(connections: Any, opened: Open) -> None:
    for number in range(12):
        opened(alias=f"shard-{number:02}")
    report = connections.report(final=True)
    assert [each["alias"] for each in report] == [f"shard-{number:02}" for number in range(8)]
    assert {each["opened"] for each in report} == {1}


def test_the_bystanders_connections_are_beside_the_loads(
    probe: Probe, connections: Any, opened: Open
) -> None:
    in_request(probe, probe.request.BYSTANDER_MARK)
    first = opened(60)
    in_request(probe)
    opened(60)
    found = counts(connections)
    assert [found[name] for name in ("opened", "open", "most_open", "beside")] == [1, 1, 1, 1]
    first.close()
    assert counts(connections)["beside"] == 0


def test_what_the_garbage_collector_closes_is_no_longer_open(
    connections: Any, opened: Open
) -> None:
    gc.disable()  # so that it runs at a known time
    try:
        opened(60, keep=False)  # its wrapper is in a cycle: the collector alone ends it
        assert counts(connections)["open"] == 1
        gc.collect()
    finally:
        gc.enable()
    opened(60)
    found = counts(connections)
    assert [found[name] for name in ("opened", "open", "most_open", "collected")] == [2, 1, 1, 1]


def test_a_connection_whose_thread_has_ended_is_leaked(connections: Any, opened: Open) -> None:
    opened(60)
    for max_age in (60, None):
        thread = threading.Thread(target=opened, args=(max_age,))
        thread.start()
        thread.join()
    found = counts(connections)
    assert (found["open"], found["leaked"], found["max_age_s"]) == (3, 2, None)
    assert counts(connections, final=False)["leaked"] == 0  # its thread may be about to close it


def test_a_request_that_was_to_close_its_connection_and_did_not_leaks_it(
    probe: Probe, connections: Any, opened: Open
) -> None:
    opened()  # of no request: Django closes it at the end of none
    assert counts(connections)["leaked"] == 0
    in_request(probe)
    opened()
    assert counts(connections)["leaked"] == 1


def test_a_refused_connection_was_waited_for_and_is_not_open(
    connections: Any, opened: Open, tmp_path: Path
) -> None:
    wrapper = opened()
    wrapper.close()
    wrapper.settings_dict["NAME"] = str(tmp_path / "missing" / "shop.sqlite3")
    with pytest.raises(DatabaseWrapper.Database.OperationalError):
        wrapper.connect()
    found = counts(connections)
    assert [found[name] for name in ("opened", "open", "most_waiting")] == [1, 0, 1]


class Pool:
    """A pool of psycopg as far as the probe reads it."""

    def __init__(self) -> None:
        self.stats = {"pool_max": 4, "pool_size": 3, "requests_waiting": 2, "requests_queued": 5}

    def get_stats(self) -> dict[str, int]:
        return {**self.stats, "requests_wait_ms": 90, "connections_num": 3}


def test_a_pool_is_read_from_what_it_counts_since_the_firing_began(
    connections: Any, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = Pool()
    monkeypatch.setattr(DatabaseWrapper, "_connection_pools", {"default": pool}, raising=False)
    opened()
    found = counts(connections)
    assert found["can_pool"]
    assert found["pool"] == {
        "limit": 4, "size": 3, "waiting": 2, "queued": 5, "wait_ms": 90, "opened": 3,
    }  # fmt: skip
    connections.begin()
    pool.stats["requests_queued"] = 12
    assert counts(connections)["pool"]["queued"] == 7
    assert counts(connections)["pool"]["wait_ms"] == 0


def test_what_was_open_before_the_first_request_is_of_no_load(
    probe: Probe, connections: Any, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = opened()
    del first.__dict__[probe.connections.HELD]  # as if it had not been counted
    connections.databases.clear()
    monkeypatch.setattr(connection_handler, "all", lambda **_: [first])
    probe.connections.count_earlier_ones()
    found = counts(connections)
    assert [found[name] for name in ("open", "beside", "leaked")] == [0, 1, 0]
