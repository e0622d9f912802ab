"""`manage.py capacity`: its units, bad usage, its table; the search is in tests/runs."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable

import pytest

from dashboard.management.commands.capacity import (
    candidate_texts,
    duration_ms,
    memory_mib,
    share,
)
from dashboard.wire.experiments.capacity import CandidateReport
from tests.management.command import refusal


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (duration_ms, "200ms", 200),
        (duration_ms, "1.5s", 1500),
        (duration_ms, "80", 80),
        (memory_mib, "2GB", 2048),
        (memory_mib, "512 MiB", 512),
        (share, "0.1%", 0.001),
        (share, "0.02", 0.02),
    ],
)
def test_units(read: Callable[[str], float], text: str, value: float) -> None:
    assert read(text) == pytest.approx(value)


@pytest.mark.parametrize(
    ("read", "text"),
    [(duration_ms, "fast"), (duration_ms, "2h"), (memory_mib, "2%"), (share, "-1%"), (share, "")],
)
def test_what_is_no_quantity_is_refused_with_an_example(
    read: Callable[[str], float], text: str
) -> None:
    with pytest.raises(ArgumentTypeError, match=r"expected .* such as"):
        read(text)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("capacity", "nothing", "--rate", "1", "--p95", "1s"), "scenario: expected one of sleep"),
        (("capacity", "sleep", "--rate", "0", "--p95", "1s"), "rate: expected 1 to"),
        (("capacity", "sleep", "--rate", "9", "--p95", "1s", "--rounds", "1"), "rounds: expected"),
        (("capacity", "sleep", "--rate", "9", "--p95", "1s", "--csv", "/no/x"), "csv: expected"),
        (("capacity", "sleep", "--rate", "9", "--p95", "1s", "--lane", "x@y"), "expected"),
    ],
)
def test_bad_usage_names_the_field(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = refusal(*arguments)
    assert refused.returncode == 2
    assert words in str(refused)
    assert capsys.readouterr().out == ""


def test_a_row_has_the_interval_the_price_and_the_knee() -> None:
    candidate = CandidateReport(
        lane="sync@gunicorn-gthread:processes=2,threads=16",
        processes=2,
        threads=16,
        predicted_rps=391.4,
        state="holds",
        low_rps=412.0,
        high_rps=430.0,
        memory_mb=310.2,
        cores=1.42,
        knee="cpu",
        why="",
        tried=(),
    )
    assert candidate_texts(candidate) == [
        "sync@gunicorn-gthread, 2 × 16 threads",
        "391/s",
        "holds 412 to 430/s",
        "310 MiB",
        "1.4",
        "holds",
        "the knee is the CPU",
    ]
