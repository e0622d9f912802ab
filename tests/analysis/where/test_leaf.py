"""The call that a line made has a name that its author would write."""

from __future__ import annotations

import pytest

from dashboard.analysis.where.calls import call_on_line
from dashboard.analysis.where.leaf import leaf_of
from dashboard.wire.report.where import State
from dashboard.wire.traces.looks import LookFrame

from .looks import frame

MANAGER = (
    "BaseManager._get_queryset_methods.<locals>.create_method.<locals>.manager_method",
    "django/db/models/manager.py",
)


@pytest.mark.parametrize(
    ("below", "leaf"),
    [
        ([("get", "requests/api.py"), ("request", "requests/api.py")], "requests.get"),
        ([("AsyncClient.get", "httpx/_client.py")], "httpx.AsyncClient.get"),
        ([("sleep", "asyncio/tasks.py")], "asyncio.sleep"),
        ([("Event.wait", "asyncio/locks.py")], "asyncio.Event.wait"),
        ([("urlopen", "urllib/request.py")], "urllib.request.urlopen"),
        ([("run", "subprocess.py"), ("Popen.communicate", "subprocess.py")], "subprocess.run"),
        ([("dumps", "json/__init__.py")], "json.dumps"),
        ([("_wait", "shelf/private.py"), ("load", "shelf/public.py")], "shelf.load"),
        ([MANAGER, ("QuerySet.get", "django/db/models/query.py")], "django.db … get"),
        (
            [
                ("QuerySet.__iter__", "django/db/models/query.py"),
                ("QuerySet._fetch_all", "django/db/models/query.py"),
                ("SQLCompiler.execute_sql", "django/db/models/sql/compiler.py"),
            ],
            "django.db … execute_sql",
        ),
        ([("render", "django/shortcuts.py")], "django.shortcuts.render"),
        ([("Thing.__enter__", "shelf/context.py")], "shelf.Thing.__enter__"),
        ([], ""),
    ],
)
def test_the_first_public_function_is_named(below: list[tuple[str, str]], leaf: str) -> None:
    assert leaf_of([frame(*each) for each in below], "blocking") == leaf


@pytest.mark.parametrize(
    ("state", "leaf"),
    [("awaiting", "asgiref.sync_to_async"), ("blocking", "asgiref.async_to_sync")],
)
def test_a_bridge_is_named_by_its_direction(state: State, leaf: str) -> None:
    bridge: LookFrame = frame("SyncToAsync.__call__", "asgiref/sync.py")
    assert leaf_of([bridge], state) == leaf


@pytest.mark.parametrize(
    ("source", "call"),
    [
        ("import time\ntime.sleep(1)", "time.sleep"),
        ("import time as clock\nclock.sleep(1)", "time.sleep"),
        ("from time import sleep as nap\nnap(1)", "time.sleep"),
        ("import time\ntime.sleep(float(text))", "time.sleep"),
        ("\nlen(names)", "len"),
        ("\nfirst(1) + second(2)", ""),
        ("\ntotal += 1", ""),
        ("\n(lambda: 1)()", ""),
        ("not python\n", ""),
    ],
)
def test_a_call_in_c_is_read_from_its_line_if_there_is_one(source: str, call: str) -> None:
    assert call_on_line(source, 2) == call
