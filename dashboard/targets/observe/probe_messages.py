"""The datagrams of probes, as docs/frame.md has them ("Health on its way"), decoded once.

A process under load sends them: one of another form raises one of MALFORMED, and has no effect.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

from dashboard.wire.report.answers import AnswerKind
from dashboard.wire.report.target_facts import DjangoFacts, ExecutorFacts
from dashboard.wire.untrusted import Json

from .answers import read_answers
from .connections import AliasCounts, read_connections

MALFORMED: Final = (ValueError, KeyError, TypeError, AttributeError, OverflowError)

_COUNTED: Final = (
    *("in_app", "in_view", "peak_in_app", "peak_in_view", "requests"),
    *("loop_lag", "loop_held", "threads_started", "switches"),
    *("loop_held_by", "loop_in_view", "loop_in_app", "loop_elsewhere"),
    *("neighbour_requests", "neighbour_threads_started"),
    *("connections_open", "connections_waiting"),
)


@dataclass(frozen=True)
class Hello:
    """What a process is; `django` is None without Django."""

    process: int
    interface: str
    versions: dict[str, str]
    django: DjangoFacts | None

    @classmethod
    def read(cls, message: Json) -> Self:
        """Return what a hello says. Raises one of MALFORMED."""
        process, django = int(message["process"]), message.get("django")
        return cls(process, message["interface"], message["versions"], django)


@dataclass(frozen=True)
class ProbeReport:
    """What a process did in a firing so far; the last report of a firing is `final`.

    `counts` are the probe's columns of `health`. `answers` and `connections` are None if nothing
    changed, `executors` are those that were used.
    """

    process: int
    firing: int
    final: bool
    at_ns: int
    counts: dict[str, int]
    answers: list[AnswerKind] | None
    connections: list[AliasCounts] | None
    executors: tuple[ExecutorFacts, ...]

    @classmethod
    def read(cls, message: Json) -> Self:
        """Return what a report says. Raises one of MALFORMED."""
        answers, connections = message.get("answers"), message.get("connections")
        return cls(
            process=int(message["process"]),
            firing=int(message["firing"]),
            final=bool(message["final"]),
            at_ns=int(message["at"]),
            counts={name: int(message[name]) for name in _COUNTED},
            answers=None if answers is None else read_answers(answers),
            connections=None if connections is None else read_connections(connections),
            executors=tuple(_executors(message)),
        )


def _executors(message: Json) -> Iterator[ExecutorFacts]:
    if (executor := message.get("executor")) is not None:
        limit, threads, queued = map(int, executor)
        yield {"limit": limit, "threads": threads, "queued": queued}
    if waiting := message.get("one_thread"):
        yield {"limit": 1, "threads": 1, "queued": int(waiting), "shared": True}
