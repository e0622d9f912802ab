"""Bad arguments for every command, which are forked from one process."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests.management.forked.client import forks

from .door import Fault
from .values import texts

MARK = "liveburst-bad-arguments"
NOWHERE = "/nonexistent/liveburst"
NO_TEXTS = ("caf\udce9", "a\0b", "\udced\udca0\udc80", "x" * 20_000)
# Commands, and what comes last, which is always refused, whatever is between.
COMMANDS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("lab", "--no-browser"), ("--port", "99999")),
    (("lab", "--no-browser"), ("--port", "0", "--host", "192.0.2.1")),
    (("lab", "init", NOWHERE), ()),
    (("burst", "sleep"), ("-n", "0")),
    (("burst", "sleep"), ("--rounds", "x")),
    (("burst", "none"), ()),
    (("matrix", "sleep"), ("--rounds", "0")),
    (("sweep", "sleep"), ("--over", "none=1..2")),
    (("survey", "none"), ()),
    (("capacity", "none"), ("--rate", "1", "--p95", "1s")),
    (("claims",), ("--project", NOWHERE)),
    (("xray", "sleep"), ("--timeout", "-1")),
    (("export", "none"), ()),
    (("import_run", NOWHERE), ()),
    (("prune",), ("--keep", "x")),
    (("doctor",), ("--set-aside", "none")),
    (("none",), ()),
)
OPTIONS = (
    "--lane", "-n", "-c", "--set", "--expect", "--over", "--project", "--seed", "--format",
    "--client", "--rate", "--duration", "--scenario", "--before", "--engines", "--none", "--",
)  # fmt: skip


class ArgumentDoor:
    """Commands that end with a sentence and a status, and write nothing."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._home = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self._forks = self._stack.enter_context(forks(MARK))

    @property
    def inputs(self) -> st.SearchStrategy[Any]:
        """A command, and what is added to it."""
        added = st.lists(st.sampled_from(OPTIONS) | texts | st.sampled_from(NO_TEXTS), max_size=4)
        return st.tuples(st.sampled_from(COMMANDS), added)

    def answer(self, given: Any) -> str:
        """Return the command and its status."""
        (words, last), added = given
        ended = self._forks.run(self._home, *words, *added, *last)
        if ended.status not in (1, 2, 3):
            raise Fault(f"{words[0]} ended with status {ended.status}: {ended.stderr[-300:]}")
        for words_of_failure in ("Traceback (most recent", "Liveburst itself failed"):
            if words_of_failure in ended.stderr:
                raise Fault(f"{words[0]}: {ended.stderr[-300:]}")
        if not ended.stderr.strip():
            raise Fault(f"{words[0]} ended without a sentence")
        return f"status {ended.status}"

    def check(self) -> None:
        """Do nothing: each command is checked."""

    def close(self) -> None:
        """End the process that commands are forked from."""
        self._stack.close()
