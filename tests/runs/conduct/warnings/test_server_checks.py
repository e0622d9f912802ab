"""Warnings about the processes that answered and the requests received, from planted counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.runs.conduct.warnings.server_checks import (
    RequestsSent,
    each_is_one_request,
    server_warnings,
)
from dashboard.targets.observe.worker_turnover import WorkerTurnover, log_shows_out_of_descriptors
from dashboard.wire import frame
from dashboard.wire.failure import Failure
from dashboard.wire.plan.plan import Burst, Firing
from dashboard.wire.plan.request_mode import RequestMode

ALL_WELL = WorkerTurnover(requests=100)
SENT = RequestsSent(100, 0, {7})


@pytest.mark.parametrize(
    ("sent", "seen", "promised", "words"),
    [
        (SENT, ALL_WELL, 1, None),
        (SENT, None, None, None),
        (SENT, None, 1, None),
        (replace(SENT, processes={7, 8}), ALL_WELL, 2, None),
        (replace(SENT, processes={7, 8, 9}), ALL_WELL, 1, "3 processes answered, where 1 was"),
        (replace(SENT, processes={7, 8}), ALL_WELL, None, None),
        (
            replace(SENT, processes={7, 8}),
            replace(ALL_WELL, died=1, joined=1),
            1,
            "1 worker process",
        ),
        (SENT, replace(ALL_WELL, requests=103), 1, "3 requests more than the 100"),
        (SENT, replace(ALL_WELL, requests=99), 1, None),  # some never reached it
        (SENT, replace(ALL_WELL, requests=None), 1, None),
        (SENT, replace(ALL_WELL, out_of_descriptors=True), 1, "no-descriptors: the server's log"),
        (replace(SENT, no_descriptors=2), ALL_WELL, 1, "no-descriptors: the load generator"),
    ],
)
def test_warnings(
    sent: RequestsSent, seen: WorkerTurnover | None, promised: int | None, words: str | None
) -> None:
    messages = list(server_warnings(sent, seen, promised=promised, one_each=True))
    assert [words is not None and words in message for message in messages] == [True] * (
        words is not None
    )


def test_polls_and_messages_are_not_compared() -> None:
    seen = replace(ALL_WELL, requests=500)
    assert list(server_warnings(SENT, seen, promised=1, one_each=False)) == []
    plain = Firing(0, 1, "127.0.0.1", 1, "/", Burst(1, 1), 1.0)
    assert each_is_one_request(plain)
    assert not each_is_one_request(replace(plain, request_mode=RequestMode(poll_every_ms=5)))
    assert not each_is_one_request(replace(plain, request_mode=RequestMode(websocket=True)))
    assert not each_is_one_request(replace(plain, client="httpx"))


def test_samples_are_counted() -> None:
    rows = [
        {"request": 0, "sent_first": 5, "sent": 5, "error": 0, "process": 7, "status": 200},
        {"request": 1, "sent_first": 5, "sent": 9, "error": 0, "process": 8, "status": 200},
        {"request": 2, "error": int(Failure.NO_DESCRIPTORS), "status": 0},
    ]
    columns = frame.rows_to_columns("samples", rows)
    data = frame.encode("samples", lane=0, round=1, origin_ns=0, columns=columns)
    sent = RequestsSent()
    sent.take(frame.decode(data))
    assert sent == RequestsSent(4, 1, {7, 8})  # the second was sent twice


def test_only_log_lines_of_this_firing_count(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert not log_shows_out_of_descriptors(log, 0)
    log.write_bytes(b"OSError: [Errno 24] Too many open files\n")
    size = log.stat().st_size
    assert log_shows_out_of_descriptors(log, 0)
    assert not log_shows_out_of_descriptors(log, size)
