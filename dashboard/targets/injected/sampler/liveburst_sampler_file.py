"""Writes what the sampler saw: one file for each process, a line of JSON every 0.2 s.

While requests are served, and where writing a line takes long, the next follows later, after 1 s at
most. Each line is an object.
The first describes the process, each other one what is new since the line before; it is complete in
itself, whatever is appended later:

    until         everything before this instant (monotonic ns) is in this line or an earlier one
    interval_ns   the time between two looks that met a request, on average
    cpu_ns, wall_ns   the sampler's own CPU time, and the time, since the line before
    late_ns       how late each look was, of the looks that met a request
    visits        [number, instant at which the request entered (ns)], followed or not
    frames        [number, path, 1 if it is the project's, line, function, module, expression];
                  the expression is [instruction, first line, last line, first column, last column]
                  or empty (see `liveburst_sampler_tables.describe`)
    stacks        [number, frames, the outermost first]
    seen          [stack, state, note, [visit, looks, time (ns), CPU time (ns), visit, …]]
    limits        words for what could not be seen
    full          True in the last line, where there was no room for more

Part of the probe: standard library alone, Python 3.9.
"""

from __future__ import annotations

import json
import os
import platform
from typing import Any

from liveburst_request import now

VERSION = 1
MOST_BYTES = 16 * 1024 * 1024
SUFFIX = ".looks"


class LooksFile:
    """The file of one process; a line is appended whole, by one call."""

    def __init__(self, directory: str, interval_ns: int) -> None:
        name = f"{os.getpid()}-{now()}{SUFFIX}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self.descriptor = os.open(f"{directory}{os.sep}{name}", flags, 0o600)
        self.written = 0
        self.full = False
        self.append({
            "version": VERSION,
            "process": os.getpid(),
            "python": platform.python_version(),
            "interval_ns": interval_ns,
        })  # fmt: skip

    def append(self, line: dict[str, Any]) -> None:
        """Append a line; the last that fits lacks what is too large, and is `full`."""
        data = encoded(line)
        if self.written + len(data) > MOST_BYTES:
            kept = ("until", "interval_ns", "cpu_ns", "wall_ns", "limits")
            data = encoded({**{name: line[name] for name in kept if name in line}, "full": True})
            self.full = True
        while data:
            count = os.write(self.descriptor, data)
            self.written += count
            data = data[count:]

    def end(self, moment: int) -> None:
        """Append the last line, unless it is there: nothing follows."""
        if not self.full:
            self.full = True
            self.append({"until": moment, "full": True})


def encoded(line: dict[str, Any]) -> bytes:
    """Return the line as it is written, without what is empty in it."""
    kept = {name: value for name, value in line.items() if value not in ([], {}, "")}
    return json.dumps(kept, separators=(",", ":")).encode() + b"\n"
