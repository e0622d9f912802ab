"""Bad lab.toml files: the built-in project's with parts replaced, and anything else."""

from __future__ import annotations

import re
import resource
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from hypothesis import strategies as st

from dashboard.project.labtoml.load import load_manifest
from dashboard.wire.errors import InvalidManifest

from .door import Fault
from .values import octets, scalars, texts

GOOD = (Path(__file__).parents[2] / "liveapp" / "lab.toml").read_text()
SMALL = """
[project]
name = "shop"
wsgi = "shop.wsgi:application"
{key} = {value}
[server.other]
url = {value}
[scenario.s]
title = "t"
lanes = ["sync@daphne"]
parameters.pages = {{ default = {value}, min = 1, max = 9 }}
{key} = {value}
[scenario.s.variant.sync]
family = "sync"
path = "/"
{key} = {value}
"""
KEYS = ("url", "directory", "python", "ca", "env_files", "setup", "rows", "wait", "load", "path",
        "headers", "open", "upload", "asgi", "start_timeout_s", "login", "cookies")  # fmt: skip
# Beginnings of it: all of its 780 lines take 30 ms to read, and a scenario is like the next.
SCENARIOS = [match.start() for match in re.finditer(r"^\[scenario\.[\w-]+\]$", GOOD, re.MULTILINE)]
BEGINNINGS = [*(GOOD[:end] for end in SCENARIOS[1:5]), GOOD]
MOST_CHARACTERS = 2**21  # twice of what is read
HANGS_S = 20
MEMORY_BYTES = 2**30
LONGEST_MESSAGE = 200_000


class LabTomlDoor:
    """Files that are read in this process, within limits of time and memory."""

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="liveburst-bad-")
        self._file = Path(self._directory.name, "lab.toml")

    @property
    def inputs(self) -> st.SearchStrategy[Any]:
        """Texts of a file."""
        odd = st.one_of(texts, st.builds(_repeated, texts, st.integers(1, 2_000)))
        replaced = st.builds(
            _replaced, st.sampled_from(BEGINNINGS), st.floats(0, 1), st.integers(0, 30), odd
        )
        value = st.one_of(
            scalars.map(_toml),
            texts.map(_toml),
            st.lists(scalars.map(_toml), max_size=3).map(lambda items: f"[{', '.join(items)}]"),
            st.sampled_from(["[", "{", "[[", "{ a = 1 }", "1979-05-27", "0x" + "f" * 400, "'''"]),
            st.builds(lambda n: "[" * n + "]" * n, st.integers(1, 5_000)),
        )
        keys = st.sampled_from(KEYS) | st.integers(1, 5_000).map(lambda n: "a" + ".a" * n)
        small = st.builds(lambda key, value: SMALL.format(key=key, value=value), keys, value)
        return replaced | small | octets

    def answer(self, given: str | bytes) -> str:
        """Return `refused` or `read`."""
        data = given if isinstance(given, bytes) else given.encode("utf-8", "replace")
        self._file.write_bytes(data)
        try:
            with _limits():
                load_manifest(self._file)
        except InvalidManifest as error:
            if len(str(error)) > LONGEST_MESSAGE:
                raise Fault(f"a message of {len(str(error)):,} characters") from None
            return "refused"
        except Exception as error:
            raise Fault(f"{type(error).__name__}: {error}"[:300]) from error
        return "read"

    def check(self) -> None:
        """Do nothing: each input is checked."""

    def close(self) -> None:
        """Delete the file."""
        self._directory.cleanup()


def _repeated(text: str, times: int) -> str:
    return text * min(times, MOST_CHARACTERS // max(1, len(text)))


def _replaced(good: str, place: float, length: int, text: str) -> str:
    """Return a good file in which `length` characters are replaced; `place` is from 0 to 1."""
    start = int(place * len(good))
    return good[:start] + text + good[start + length :]


def _toml(value: object) -> str:
    """Return a value as TOML, more or less."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, int | float):
        return hex(value) if isinstance(value, int) and abs(value) > 10**4000 else repr(value)
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


@contextmanager
def _limits() -> Iterator[None]:
    """Raise TimeoutError or MemoryError inside the block instead of hanging or growing."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(
        resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY_BYTES, before[1])
    )
    handler = signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(HANGS_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, handler)
        resource.setrlimit(resource.RLIMIT_AS, before)


def _too_long(number: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"took more than {HANGS_S} s")
