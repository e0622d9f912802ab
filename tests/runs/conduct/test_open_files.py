"""The limit of open files is named: before a burst that exceeds it, and once it is reached."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from dashboard.database.problems import as_unusable
from dashboard.models import Status
from dashboard.runs.conduct.conductor import perform
from dashboard.runs.conduct.open_files import check_open_files, open_file_warnings
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.sinks.sink import Memory
from dashboard.wire.errors import TooFewDescriptors
from dashboard.wire.plan.plan import Plan
from tests.runs.fakes import FakeEngine, FakeTargets, fake_resources

LIMIT = 512
PROJECT = FakeTargets().project


def plan_of(requests: int, *lanes: str, concurrency: int | None = None) -> Plan:
    return make_plan(
        PROJECT,
        scenario="sleep",
        requests=requests,
        concurrency=concurrency,
        rounds=1,
        lanes=lanes,
    )


@pytest.fixture
def limited() -> Iterator[None]:
    """Let this process open LIMIT files; the hard limit is a pretended one."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.fixture
def hard_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (LIMIT, LIMIT))


async def test_a_burst_of_too_many_connections_fails_with_the_number(hard_limit: None) -> None:
    engine = FakeEngine()
    outcome = await perform(plan_of(1000), fake_resources(engine), [Memory()], asyncio.Event())
    assert outcome.status == Status.FAILED
    assert outcome.problem == (
        "The load generator needs 1,024 open files for 1,000 requests at a time, and may open 512"
        " (ulimit -n). Raise it before starting Liveburst: ulimit -n 1024"
    )
    assert not engine.fired


def test_what_the_limit_allows_is_fired(hard_limit: None) -> None:
    check_open_files(plan_of(488), 1)
    check_open_files(plan_of(5000, concurrency=100), 1)
    rate = make_plan(PROJECT, scenario="sleep", rate_rps=5000, duration_s=10, rounds=1)
    check_open_files(rate, 1)
    check_open_files(plan_of(3000), 8)  # shared by eight load generators
    with pytest.raises(TooFewDescriptors):
        check_open_files(plan_of(489), 1)


def test_a_server_with_a_connection_for_each_request_causes_a_warning(limited: None) -> None:
    lanes = ("async@uvicorn", "sync@gunicorn-gthread", "async@uvicorn:processes=4")
    (warning,) = open_file_warnings(plan_of(1000, *lanes), PROJECT)
    assert warning == (
        "async@uvicorn: no-descriptors: a server needs about 1,024 open files for 1,000 connections"
        " at a time, and may open 512 (ulimit -n). Raise it before starting Liveburst: ulimit -n"
        " 1024"
    )
    assert not [*open_file_warnings(plan_of(400, *lanes), PROJECT)]


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
def test_an_error_without_a_descriptor_left_has_a_sentence(number: int) -> None:
    error = as_unusable(OSError(number, os.strerror(number)), Path("database"))
    assert error is not None
    assert "has no file descriptor left" in error.problem
    assert error.way_out == "Raise it before starting Liveburst: ulimit -n 1024"


@contextmanager
def no_descriptor_left() -> Iterator[None]:
    """Use up the descriptors of this process inside the block."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(name) for name in os.listdir("/dev/fd"))  # noqa: PTH208
    opened: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, before[1]))
    try:
        with suppress(OSError):
            while True:
                opened.append(os.open(os.devnull, os.O_RDONLY))
        yield
    finally:
        for descriptor in opened:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_database_that_cannot_be_opened_for_want_of_one_has_it_too(tmp_path: Path) -> None:
    path = tmp_path / "database"
    with no_descriptor_left():
        with pytest.raises(sqlite3.OperationalError) as failed:
            sqlite3.connect(path)
        error = as_unusable(failed.value, path)
    assert error is not None
    assert "has no file descriptor left" in error.problem
