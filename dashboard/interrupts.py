"""Ctrl-C while a command starts: one line and status 130, and nothing to clean up yet."""

from __future__ import annotations

import os
import signal
from types import FrameType

INTERRUPTED_STATUS = 130
INTERRUPTED_MESSAGE = "Interrupted.\n"


def end_at_once() -> None:
    """End the process upon Ctrl-C, from now until `raise_interrupts`.

    An exception is not enough: raised in a callback of the import system it is printed and lost.
    Where Ctrl-C is ignored (`nohup`, a background job) it stays ignored.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def raise_interrupts() -> None:
    """Raise KeyboardInterrupt upon Ctrl-C again."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(number: int, frame: FrameType | None) -> None:
    os.write(2, INTERRUPTED_MESSAGE.encode())
    os._exit(INTERRUPTED_STATUS)
