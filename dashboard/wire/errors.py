"""The exceptions that are part of normal operation, as one small tree.

    LiveburstError
    ├── Invalid             input that was refused, with each problem by field
    │   ├── InvalidPlan     what to fire (form, command line, stored JSON)
    │   ├── InvalidManifest a lab.toml (the field is file and key)
    │   └── InvalidJson     stored JSON, or a message between processes (the field is a path)
    ├── FrameError          bytes that are not a frame
    ├── UnusableHome        a home, key or database that cannot be used
    ├── DiskFull            too little free disk for a run
    ├── TooFewDescriptors   a limit of open files (ulimit -n) that is too low
    ├── TargetFailed        a server that did not start, or ended
    └── EngineFailed        a load generator that did not start, or ended

Each message contains what was expected, what was found and, if possible, what to do.
A failed request is not an exception but a sample, with a `Failure`.
"""

from __future__ import annotations

from dataclasses import dataclass


class LiveburstError(Exception):
    """An error that the user can act upon; its text is shown unchanged."""


@dataclass(frozen=True)
class Problem:
    """One refused field: the name that the user knows, and what was expected."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class Invalid(LiveburstError):
    """Input that was refused, with one problem per field; nothing was started."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("; ".join(str(problem) for problem in problems))


class InvalidPlan(Invalid):
    """A plan that may not be fired."""


class InvalidManifest(Invalid):
    """A lab.toml that cannot be used."""


class FrameError(LiveburstError):
    """Bytes that are not a frame, or an incomplete frame."""


class UnusableHome(LiveburstError):
    """The home, its key or its database cannot be used, and was not changed.

    `way_out` is what the user can do about it.
    """

    def __init__(self, problem: str, way_out: str) -> None:
        self.problem = problem
        self.way_out = way_out
        super().__init__(f"{problem} {way_out}")


class DiskFull(LiveburstError):
    """The disk has no room for a run."""


class TooFewDescriptors(LiveburstError):
    """Too few files and connections may be open in this process, or in one that it starts."""


class TargetFailed(LiveburstError):
    """A server that did not start, or ended; `log_tail` has its last lines."""

    def __init__(self, message: str, log_tail: str = "") -> None:
        self.log_tail = log_tail
        super().__init__(message)


class EngineFailed(LiveburstError):
    """The load generator did not start, or ended during a firing."""
