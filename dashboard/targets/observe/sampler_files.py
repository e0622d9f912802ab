"""Reads what the samplers of a target's processes write (`sampler/liveburst_sampler_file.py`).

Each process appends to a file of its own, at least every second; each line carries the instant up
to which it is complete. So the end of a firing is waited for, and not guessed.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from pathlib import Path

from dashboard.wire.traces.looks import LookLine, Looks
from dashboard.wire.untrusted import decode_json

from .merged_looks import MergedLooks
from .proc_stats import exists

INTERVAL_MS = 5.0
WAIT_S = 3.0  # for the last line; a process on a busy machine may be late
_POLL_S = 0.02
_PATTERN = "*.looks"
_MOST_BYTES = 64 * 1024 * 1024  # of one file; the sampler ends its own sooner


def sampler_environment(directory: Path, interval_ms: float = INTERVAL_MS) -> dict[str, str]:
    """Return the variable that starts a sampler in each worker process of a target.

    `directory` must exist; each process writes one file there.
    """
    settings = {"directory": str(directory), "interval_ms": interval_ms}
    return {"LIVEBURST_SAMPLER": json.dumps(settings)}


async def read_looks(
    directory: Path,
    project: Path,
    start_ns: int,
    end_ns: int,
    *,
    timeout_s: float = WAIT_S,
) -> Looks:
    """Return what was seen of the requests that entered between two instants (monotonic ns).

    Waits until each process has written everything up to the end, has ended, or `timeout_s` has
    passed, which `limits` mentions then. `project` is the directory whose sources are read. A line
    that cannot be read is left out: the files are written by the process under load.
    """
    files = _Files(directory)
    deadline_s = time.monotonic() + timeout_s
    while True:
        complete = await asyncio.to_thread(files.read, end_ns)
        if complete or time.monotonic() > deadline_s:
            break
        await asyncio.sleep(_POLL_S)
    return await asyncio.to_thread(_merge, files, project, start_ns, end_ns)


def _merge(files: _Files, project: Path, start_ns: int, end_ns: int) -> Looks:
    merged = MergedLooks(project, start_ns, end_ns)
    for file in files.by_path.values():
        merged.add(file.lines)
        if not file.reaches(end_ns):
            merged.add_limit("unwritten")
    return merged.looks()


class _Files:
    """The files in a directory, as far as they are read."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.by_path: dict[Path, _File] = {}

    def read(self, end_ns: int) -> bool:
        """Read what is new; return True if every file is complete up to this instant."""
        for path in sorted(self._directory.glob(_PATTERN)):
            self.by_path.setdefault(path, _File(path)).read()
        return all(file.reaches(end_ns) for file in self.by_path.values())


@dataclass
class _File:
    """The file of one process: its lines, and the instant up to which they are complete."""

    path: Path
    lines: list[LookLine] = field(default_factory=list)
    until_ns: int = 0
    ended: bool = False
    _offset: int = 0

    def reaches(self, instant_ns: int) -> bool:
        """Return True if nothing before this instant is missing, or if nothing will follow."""
        return self.ended or self.until_ns >= instant_ns

    def read(self) -> None:
        """Read the lines that are complete and new."""
        gone = not exists(self._process())  # before it is read: then nothing is appended later
        try:
            with self.path.open("rb") as opened:
                opened.seek(self._offset)
                data = opened.read(max(_MOST_BYTES - self._offset, 0))
        except OSError:
            self.ended = True
            return
        whole, _, _ = data.rpartition(b"\n")
        for text in whole.splitlines():
            self._keep(text)
        self._offset += len(whole) + 1 if whole else 0
        self.ended = self.ended or gone

    def _process(self) -> int:
        number = self.path.name.partition("-")[0]
        return int(number) if number.isdecimal() else 0

    def _keep(self, text: bytes) -> None:
        try:
            line = decode_json(text)
            self.until_ns = max(self.until_ns, int(line.get("until", 0)))
            self.ended = self.ended or bool(line.get("full"))
            self.lines.append(line)
        except (ValueError, TypeError, AttributeError, OverflowError):
            return
