"""Warnings that say the same of several firings are one line, with all places and figures."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.text.grouped_warnings import grouped_warnings

SYNC, ASYNC = "sync@gunicorn-gthread:threads=8", "async@daphne"
LIMIT = "the limit is 5 %. The round counts."


def stolen(lane: str, number: int, percent: float) -> str:
    return f"{lane}, round {number}: the host took {percent} % of the CPU time away; {LIMIT}"


def test_firings_of_one_kind_are_one_line_with_places_and_range() -> None:
    warnings = [
        stolen(SYNC, 1, 14.3),
        "DEBUG is true.",
        stolen(ASYNC, 2, 6.1),
        stolen(SYNC, 5, 9.0),
        stolen(SYNC, 3, 9.5),
        stolen(SYNC, 4, 9.5),
        f"{ASYNC}, round 2: the server's backlog overflowed 1,204 times.",
    ]
    assert grouped_warnings(warnings) == [
        "5 firings: the host took 6.1 to 14.3 % of the CPU time away; the limit is 5 %. The round"
        f" counts ({SYNC}, rounds 1 and 3–5; {ASYNC}, round 2).",
        "DEBUG is true.",
        f"{ASYNC}, round 2: the server's backlog overflowed 1,204 times.",
    ]


def test_figures_with_thousands_are_compared_as_numbers() -> None:
    (line,) = grouped_warnings(
        [f"{ASYNC}, round {n}: it overflowed {times} times." for n, times in ((1, "1,204"), (2, 9))]
    )
    assert line == f"2 firings: it overflowed 9 to 1,204 times ({ASYNC}, rounds 1 and 2)."


def test_what_differs_in_more_than_figures_stays_apart() -> None:
    warnings = [
        f"{ASYNC}, round 1: the server ended: KeyError in views.py:31.",
        f"{ASYNC}, round 2: the server ended: KeyError in views.py:32.",
        f"{ASYNC}, round 3: the server at 127.0.0.1:8001 ended with status -9.",
        f"{ASYNC}, round 4: the server at 127.0.0.1:8002 ended with status -9.",
    ]
    assert grouped_warnings(warnings) == warnings


def test_what_is_no_warning_of_a_firing_is_never_grouped() -> None:
    warnings = [
        "it overflowed 9 times.",
        "it overflowed 10 times.",
        f"{ASYNC}, round 1: it overflowed 9 times.",
        f"{ASYNC}: it overflowed 9 times.",
    ]
    assert grouped_warnings(warnings) == warnings


@given(st.lists(st.text(alphabet="a@, round1:#.5\0", max_size=40), max_size=6))
def test_any_texts_are_grouped(texts: list[str]) -> None:
    warnings = [*texts, *(f"{ASYNC}, round {n}: {text}" for n, text in enumerate(texts))]
    lines = grouped_warnings(warnings)
    assert len(lines) <= len(warnings)
    assert bool(lines) == bool(warnings)


def test_an_exact_repetition_is_one_warning() -> None:
    assert grouped_warnings([stolen(SYNC, 1, 7), stolen(SYNC, 1, 7)]) == [stolen(SYNC, 1, 7)]
    assert grouped_warnings(["DEBUG is true.", "DEBUG is true."]) == ["DEBUG is true."]
    assert grouped_warnings([]) == []
