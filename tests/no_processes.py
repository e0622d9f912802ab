"""Forbids tests to start processes: `python -m pytest -p tests.no_processes`, as `make unit` does.

What starts one belongs to those that are marked with `processes` or `servers`, and out of the
inner loop.
"""

from __future__ import annotations

import sys

import pytest

STARTS = frozenset({"subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn"})


def pytest_collection_finish(session: pytest.Session) -> None:
    """Raise wherever a process is about to be started from here on; the test that does it fails.

    Not in the process that starts the workers of pytest-xdist.
    """
    if hasattr(session.config, "workerinput") or not session.config.getoption("numprocesses"):
        sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event in STARTS:
        raise AssertionError(f"a unit test starts a process ({event}): mark it with `processes`")
