"""Everything that can go wrong on purpose, as one small tree.

    LiveburstError
    ├── Invalid             input that was refused, with each problem by field
    │   ├── InvalidPlan     what to fire (form, command line, stored JSON)
    │   ├── InvalidManifest a lab.toml (the field is file and key)
    │   └── InvalidJson     stored JSON, or a message between processes (the field is a path)
    ├── FrameError          bytes that are not a frame
    ├── TargetFailed        a server that did not start, or died
    └── EngineFailed        the engine did not start, or died

Each says what was expected, what was found and, where it can, what to do.
None of these is for a request that fails: that is a sample, with a `Failure`.
"""

from __future__ import annotations

from dataclasses import dataclass


class LiveburstError(Exception):
    """Something a person can act upon; its text is shown as it is."""


@dataclass(frozen=True)
class Problem:
    """One refused field: its name as the person knows it, and what was expected."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class Invalid(LiveburstError):
    """Input that was refused; `problems` has one entry a field, nothing was started."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("; ".join(str(problem) for problem in problems))


class InvalidPlan(Invalid):
    """A plan that may not be fired."""


class InvalidManifest(Invalid):
    """A lab.toml that cannot be used."""


class FrameError(LiveburstError):
    """Bytes that are not a frame, or a frame that is not whole."""


class TargetFailed(LiveburstError):
    """A server that did not start or died; `log_tail` holds its own last lines."""

    def __init__(self, message: str, log_tail: str = "") -> None:
        self.log_tail = log_tail
        super().__init__(message)


class EngineFailed(LiveburstError):
    """The engine did not start, or died in the middle of a firing."""
