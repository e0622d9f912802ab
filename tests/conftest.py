"""What holds for every test."""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from dashboard.packaging.bundle import NotBuilt, build
from dashboard.web.serving.bundle import DIRECTORY, current_bundle
from tests.virtualenvs import prepared_virtualenvs

__all__ = ["prepared_virtualenvs"]

# What these share is started once for all of them, so one worker takes them all.
TOGETHER = ("tests/browser", "tests/liveapp")
# Of these, the ones that start what they need for themselves.
APART = tuple(
    f"tests/liveapp/test_{name}.py"
    for name in ("external_api", "postgresql", "prepare", "refusals", "upstream", "views")
)
# These look at one finished run, fired for them. Other browser tests fire their own.
FINISHED_RUN = tuple(
    f"tests/browser/test_{name}.py" for name in ("accessible", "kept", "page", "panel", "try")
)
# Here what is started is shared by all tests of a server, their only parameter.
BY_SERVER = (
    "tests/targets/lifecycle/test_concurrency_per_server.py",
    "tests/targets/lifecycle/test_servers.py",
)
# These come last, whatever worker is free takes them, and so all workers end together.
QUICK = tuple(
    f"tests/{room}/"
    for room in ("analysis", "bench", "docs", "project", "runs", "state", "web", "wire")
)

# Some container images set it. Then each of the hundreds of processes that tests start compiles
# what it imports: a third of the CPU time of a burst.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A property holds however busy the machine is, so no example has a time limit.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
# `make unit` looks at fewer examples of each property, and `tests.properties` scales by it.
settings.register_profile("inner-loop", parent=settings.get_profile("untimed"), max_examples=20)


def pytest_configure(config: pytest.Config) -> None:
    """Ctrl-C ends what tests start, even where the tests themselves run in the background.

    A shell that puts a command into the background makes it ignore SIGINT, and whatever is
    ignored stays ignored in child processes.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.disable()  # until all tests are collected, of which nothing is garbage
    if not hasattr(config, "workerinput"):
        build_bundle()


def build_bundle() -> None:
    """Let all tests use what browsers are sent. Where it cannot be built they use the sources."""
    with suppress(NotBuilt):
        if current_bundle() is None:
            build(DIRECTORY)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Collect garbage from now on, but never look through the tests and what they import."""
    gc.freeze()
    gc.enable()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Refuse a timed test in a file that `make test` does not find by the words of the mark."""
    if item.get_closest_marker("alone") and "mark.alone" not in item.path.read_text():
        raise pytest.UsageError(f"{item.path}: write `pytest.mark.alone` beside its timed tests")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put quick tests last: a slow one that begins last would be waited for."""
    items.sort(key=lambda item: item.nodeid.startswith(QUICK))


class Sharing(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """Never separates what shares fixtures, which is a file or more.

    That is what `--dist loadgroup` is for, whose marks do nothing under pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        file, _, name = nodeid.partition("::")
        if file in BY_SERVER:
            return name.partition("[")[2]
        if file in APART:
            return file
        if file in FINISHED_RUN:
            return "tests/browser, a finished run"
        return next((place for place in TOGETHER if file.startswith(place)), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Sharing:
    """How tests are given to the workers, where there are several: in the order that they have."""
    config.option.loadscopereorder = False
    return Sharing(config, log)
