"""The probe around a WSGI application: it stamps and counts, and changes nothing else."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from wsgiref.util import FileWrapper

import pytest

from .calls import Call, Probe, answers, wrapped


def test_a_plain_application_is_stamped_without_a_view(probe: Probe) -> None:
    before = time.monotonic_ns()
    call = Call(wrapped(probe, answers([b"one", b"two"])))
    assert (call.status, call.headers[0]) == ("200 OK", ("A", "b"))
    entered, view_entered, view_left, process = call.stamps
    assert before <= entered <= time.monotonic_ns()
    assert (view_entered, view_left, process) == (-1, -1, os.getpid())
    assert list(call.body) == [b"one", b"two"]


def test_a_request_is_in_the_app_until_its_body_is_closed(probe: Probe) -> None:
    application = wrapped(probe, answers([b"x"]))
    first, second = Call(application), Call(application)
    assert probe.counters.LOAD.report()["in_app"] == 2
    first.body.close()
    first.body.close()  # some servers close twice
    assert probe.counters.LOAD.report()["in_app"] == 1
    second.body.close()
    counts = probe.counters.LOAD.report()
    assert (counts["in_app"], counts["peak_in_app"], counts["requests"]) == (0, 2, 2)
    probe.counters.LOAD.begin()
    assert probe.counters.LOAD.report()["peak_in_app"] == 0


def test_an_application_that_raises_has_left(probe: Probe) -> None:
    def broken(environ: Any, start: Any) -> Any:
        raise KeyError("its own")

    with pytest.raises(KeyError, match="its own"):
        Call(wrapped(probe, broken))
    assert probe.counters.LOAD.report()["in_app"] == 0


def test_a_body_has_a_length_only_if_the_applications_has_one(probe: Probe) -> None:
    assert len(Call(wrapped(probe, answers([b"x", b"y"]))).body) == 2
    stream = Call(wrapped(probe, answers(iter([b"x"])))).body
    assert not hasattr(stream, "__len__")
    assert list(stream) == [b"x"]


def test_a_bodys_own_close_is_called(probe: Probe) -> None:
    closed: list[bool] = []

    def stream() -> Iterator[bytes]:
        try:
            yield b"x"
        finally:
            closed.append(True)

    body = Call(wrapped(probe, answers(stream()))).body
    next(iter(body))
    body.close()
    assert closed == [True]


class Stream:
    """A body that is its own iterator, and raises at a given position."""

    def __init__(
        self, *, at_once: bool = False, midway: bool = False, at_end: bool = False
    ) -> None:
        self.at_once, self.midway, self.at_end = at_once, midway, at_end
        self.read = self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        if self.at_once:
            raise KeyError("at once")
        return self

    def __next__(self) -> bytes:
        self.read += 1
        if self.read == 3:
            raise KeyError("midway") if self.midway else StopIteration
        return b"x"

    def close(self) -> None:
        self.closed += 1
        if self.at_end:
            raise KeyError("at end")


@pytest.mark.parametrize("where", ["at_once", "midway", "at_end"])
@pytest.mark.parametrize(("query", "counted"), [("", [1]), ("liveburst-neighbour", [])])
def test_what_a_body_raises_is_counted_and_raised_again(
    probe: Probe, where: str, query: str, counted: list[int]
) -> None:
    stream = Stream(**{where: True})
    call = Call(wrapped(probe, answers(stream)), {"QUERY_STRING": query})
    with pytest.raises(KeyError, match=where.replace("_", " ")), closing(call.body):
        list(call.body)
    assert [kind["count"] for kind in probe.answers.ANSWERS.news() or []] == counted
    assert stream.closed == 1
    assert (probe.counters.LOAD.is_quiet(), probe.counters.BYSTANDER.is_quiet()) == (True, True)


def test_an_abandoned_body_is_closed_once_and_by_its_server(probe: Probe) -> None:
    stream = Stream()
    body = Call(wrapped(probe, answers(stream))).body
    chunks = iter(body)
    assert next(chunks) == b"x"
    del chunks
    assert stream.closed == 0
    body.close()
    assert (stream.closed, stream.read) == (1, 1)
    assert not probe.answers.ANSWERS.news()


def test_a_file_wrapper_keeps_its_type(probe: Probe) -> None:
    file = io.BytesIO(b"content")

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        start("200 OK", [])
        return environ["wsgi.file_wrapper"](file)

    call = Call(wrapped(probe, application), {"wsgi.file_wrapper": FileWrapper})
    assert type(call.body) is FileWrapper
    assert probe.counters.LOAD.report()["in_app"] == 1
    call.body.close()
    assert file.closed
    assert probe.counters.LOAD.report()["in_app"] == 0


def test_a_file_wrapper_that_cannot_be_watched_keeps_its_type(probe: Probe) -> None:
    class Fixed:
        __slots__ = ("file",)

        def __init__(self, file: Any) -> None:
            self.file = file

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        start("200 OK", [])
        return Fixed(None)

    call = Call(wrapped(probe, application), {"wsgi.file_wrapper": Fixed})
    assert type(call.body) is Fixed
    assert probe.counters.LOAD.report()["in_app"] == 0
