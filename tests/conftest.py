"""What holds for every test."""

from __future__ import annotations

import signal

import pytest

# What these share is started once for all of them, so one worker takes them all.
TOGETHER = ("tests/browser", "tests/liveapp")


def pytest_configure() -> None:
    """Ctrl-C ends what tests start, even where the tests themselves run in the background.

    A shell that puts a command into the background makes it ignore SIGINT, and whatever is
    ignored stays ignored in child processes.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whom `--dist loadgroup` may not separate: what shares fixtures, which is a file or more."""
    for item in items:
        file = item.nodeid.partition("::")[0]
        group = next((place for place in TOGETHER if file.startswith(place)), file)
        item.add_marker(pytest.mark.xdist_group(group))
