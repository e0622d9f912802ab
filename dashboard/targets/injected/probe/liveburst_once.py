"""A call that is made at most once; part of the probe. Standard library alone, Python 3.9."""

from __future__ import annotations

from collections.abc import Callable


class Once:
    """Makes a call the first time it is called itself, and does nothing afterwards."""

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def __call__(self) -> None:
        """Make the call, unless it has been made."""
        call, self.call = self.call, None
        if call is not None:
            call()
