"""What holds for every test."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Ctrl-C ends what tests start, even where the tests themselves run in the background.

    A shell that puts a command into the background makes it ignore SIGINT, and whatever is
    ignored stays ignored in child processes.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
