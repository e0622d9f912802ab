"""The word on a view: only what was measured decides."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dashboard.analysis.model.recommendation import Today, recommend
from dashboard.analysis.model.view_model import Configuration, Work
from dashboard.wire.experiments.survey import Alternative

WORK = Work(wall_s=0.105, cpu_s=0.005)
TODAY = Today(WORK, Configuration(threads=4), "threads", 32)


def alternative(change: Any = "threads", ratio: float = 0.25, **more: Any) -> Alternative:
    plain = Alternative(
        change=change,
        lane=f"sync@{change}",
        stand_in=False,
        predicted_rps=1.0,
        predicted_p95_ms=1.0,
        formula="",
        ratio=ratio,
        interval=(0.95 * ratio, 1.05 * ratio),
        answer="differs",
    )
    return replace(plain, **more)


def test_the_fastest_is_recommended_with_its_reason() -> None:
    pool, loop = alternative("threads", 0.5), alternative("async", 0.2)
    found = recommend(TODAY, [pool, loop])
    assert found is not None
    assert (found.word, found.best) == ("async", loop)
    assert found.reason == (
        "a request waits 100 ms of 105 ms, which an event loop does for all of them at once"
    )


def test_of_those_nearly_as_fast_the_cheapest_change_is_recommended() -> None:
    pool, loop = alternative("threads", 0.21), alternative("async", 0.2)
    found = recommend(TODAY, [loop, pool])
    assert found is not None
    assert (found.word, found.best) == ("threads", pool)
    assert found.reason == "a request waits 100 ms of 105 ms and holds one of 4 threads for 32"


def test_a_stand_in_is_named_as_such() -> None:
    found = recommend(TODAY, [alternative("async", stand_in=True)])
    assert found is not None
    assert found.reason.endswith("; measured by its stand-in")


@pytest.mark.parametrize(
    ("limit", "answer", "words"),
    [
        ("cpu", "no-difference", "5 ms of CPU per request is what 1 core can do"),
        ("contention", "no-difference", "requests wait for each other"),
        ("threads", "undecided", "no alternative was shown to be faster"),
        ("cpu", "undecided", "no alternative was shown to be faster"),
        ("contention", "not-trusted", "no alternative was shown to be faster"),
        ("requests", "no-difference", "no alternative was faster"),
    ],
)
def test_a_view_is_left_alone_where_nothing_is_faster(limit: Any, answer: Any, words: str) -> None:
    same = alternative(ratio=1.0, interval=(0.98, 1.02), answer=answer)
    found = recommend(replace(TODAY, limit=limit), [same])
    assert found is not None
    assert (found.word, found.best) == ("leave it", None)
    assert words in found.reason


@pytest.mark.parametrize(
    "changed",
    [
        {"interval": (1.1, 1.3), "ratio": 1.2},
        {"interval": (0.9, 1.05), "answer": "undecided"},
        {"answer": "not-trusted"},
    ],
)
def test_what_is_slower_or_undecided_is_never_recommended(changed: dict[str, Any]) -> None:
    found = recommend(TODAY, [alternative(**changed)])
    assert found is not None
    assert found.word == "leave it"


def test_nothing_is_said_of_what_was_not_measured() -> None:
    assert recommend(TODAY, []) is None
    assert recommend(TODAY, [alternative(ratio=0.2, interval=None)]) is None
    assert recommend(TODAY, [replace(alternative(), ratio=None, interval=None)]) is None
