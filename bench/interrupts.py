"""How a bench that has started other processes is ended."""

from __future__ import annotations

import signal


def end_by_interrupt() -> None:
    """End by KeyboardInterrupt upon SIGINT and SIGTERM, so that nothing that was started is left.

    A shell that puts a command into the background makes it ignore SIGINT.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
