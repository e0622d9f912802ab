"""Which warnings of a command's runs were printed already."""

from __future__ import annotations

from dashboard.analysis.text.grouped_warnings import Kind, kind_of


class PrintedWarnings:
    """Prints each warning once in all runs, and of one kind the first of each run.

    How many there were of a kind is stated below the result.
    """

    def __init__(self) -> None:
        self.messages: set[str] = set()
        self._kinds: set[Kind] = set()  # of this run

    def begin_run(self) -> None:
        """Forget which kinds there were: another run has warnings of its own."""
        self._kinds.clear()

    def is_new(self, message: str) -> bool:
        """Return True if a warning is to be printed, and take it as printed."""
        kind = kind_of(message)
        if message in self.messages or kind in self._kinds:
            return False
        self.messages.add(message)
        self._kinds.add(kind)
        return True
