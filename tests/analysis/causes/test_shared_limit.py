"""If no lane differs, the limit that all lanes share is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dashboard.analysis.lane.config import Executor, LaneConfig
from dashboard.analysis.text.causes.shared_limit import shared_limit_sentence
from dashboard.wire.units import NS_PER_MS as MS
from tests.analysis.planted import (
    Planted,
    at_once,
    busy,
    one_in_view,
    pool,
    queue_in_view,
    report_of,
)

ONE_CORE = LaneConfig(cores=1)


def lane(name: str, model: Any, *, cpu_ms: float | None, peak: int, **config: Any) -> Planted:
    """Return a lane with this much CPU per request; None: it was not read."""
    return Planted(
        name,
        model,
        config=replace(ONE_CORE, **config),
        health={"peak_in_app": peak, "peak_in_view": peak},
        growth_per_request={} if cpu_ms is None else {"cpu": int(cpu_ms * MS)},
    )


def alike(model: Any, requests: int = 40, rounds: int = 6, **both: Any) -> dict[str, Any]:
    """Return the verdict of two lanes that do the same."""
    names = ("sync@gunicorn-gthread", "async@daphne")
    return dict(
        report_of([lane(name, model, **both) for name in names], requests, rounds)["verdict"]
    )


CASES = [
    # what both lanes do, the limit, its sentence
    (busy(65), {"cpu_ms": 63, "peak": 8}, "cpu-bound",
     "63 ms of CPU per request, 2.52 s of 2.6 … on one core: neither another server nor async can"
     " help there; more processes on more cores would."),
    (busy(30), {"cpu_ms": 29, "peak": 8, "cores": 4}, "cpu-bound", "more processes would."),
    (busy(4), {"cpu_ms": 3.9, "peak": 8}, "cpu-bound", "may be the server's own"),
    (busy(65), {"cpu_ms": 48, "peak": 8}, "mostly-cpu", "more than 1.4× faster on one core."),
    (pool(8, 100), {"cpu_ms": 2, "peak": 8, "capacity": 8, "threads": 8}, "same-limit",
     "had at most 8 requests in the view at a time, of 40 in flight, and were idle there, using"),
    (pool(8, 100), {"cpu_ms": 2, "peak": 8}, "same-limit", "it is not that of the server: a pool"),
    (one_in_view(50), {"cpu_ms": 1, "peak": 1}, "same-limit", "had at most 1 request in the view"),
    (at_once(500), {"cpu_ms": 2, "peak": 40}, "waiting", "only what the view waits for."),
    # work that queues for a thread inside the view is not a wait that cannot be avoided
    (queue_in_view(4, 100), {"cpu_ms": 1, "peak": 40, "executor": Executor(4, 4, 30)}, "unknown",
     "No limit was found that both lanes share"),
    # CPU unknown: no conclusion from the rest
    (at_once(500), {"cpu_ms": None, "peak": 40}, "unknown", "at most 40 requests in the view"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "both", "name", "words"), CASES)
@pytest.mark.parametrize("rounds", [3, 6])
def test_the_limit_that_both_lanes_share_is_named(
    model: Any, both: dict[str, Any], name: str, words: str, rounds: int
) -> None:
    verdict = alike(model, rounds=rounds, **both)
    assert verdict["comparisons"][0]["answer"] == ("first-look" if rounds == 3 else "no-difference")
    assert verdict["absolute"]["name"] == name
    assert all(part in verdict["sentence"] for part in words.split(" … "))


def test_one_request_at_a_time_is_a_load_that_is_too_light() -> None:
    verdict = alike(pool(1, 20), requests=1, cpu_ms=1, peak=1)
    assert verdict["absolute"]["name"] == "light-load"
    assert "One request at a time was sent" in verdict["sentence"]


def test_lanes_that_differ_share_no_limit() -> None:
    lanes = [
        lane("sync@gunicorn-gthread", busy(65), cpu_ms=63, peak=8),
        lane("async@daphne", busy(40), cpu_ms=39, peak=8),
    ]
    for rounds in (3, 6):
        assert report_of(lanes, 20, rounds)["verdict"]["absolute"] is None


def test_one_lane_without_its_cpu_and_nothing_is_said_of_cpu() -> None:
    lanes = [
        lane("sync@gunicorn-gthread", busy(65), cpu_ms=63, peak=8),
        lane("async@daphne", busy(65), cpu_ms=None, peak=8),
    ]
    verdict = report_of(lanes, 20)["verdict"]
    assert verdict["absolute"]["name"] == "unknown"
    assert "CPU" not in shared_limit_sentence(verdict["absolute"])


@pytest.mark.parametrize(("model", "both", "name", "words"), CASES)
def test_no_sentence_names_what_is_not_known(
    model: Any, both: dict[str, Any], name: str, words: str
) -> None:
    for verdict in (alike(model, **both), alike(model, rounds=1, **both)):
        sentence = shared_limit_sentence(verdict["absolute"])
        assert "None" not in sentence
        assert "nan" not in sentence
        assert sentence.endswith(".")


def test_an_unknown_limit_without_evidence_has_no_sentence() -> None:
    lanes = [Planted(name, at_once(500)) for name in ("sync@daphne", "async@daphne")]
    verdict = report_of(lanes, 20)["verdict"]
    assert verdict["absolute"]["name"] == "unknown"
    assert shared_limit_sentence(verdict["absolute"]) == ""


@pytest.mark.parametrize("rounds", [3, 6])
def test_a_disturbed_run_answers_nothing_since_its_limit_may_be_the_load_generators(
    rounds: int,
) -> None:
    lanes = [lane(at, pool(8, 100), cpu_ms=2, peak=8) for at in ("sync@daphne", "async@daphne")]
    assert (
        report_of(lanes, 40, rounds, disturbed_reason="It was late.")["verdict"]["absolute"] is None
    )


def test_a_control_and_a_spoiled_run_answer_nothing() -> None:
    lanes = [lane(name, busy(65), cpu_ms=63, peak=8) for name in ("sync@daphne", "sync@daphne~2")]
    assert report_of(lanes, 20, control=True)["verdict"]["absolute"] is None
    assert (
        report_of(lanes, 20, no_verdict_reason="The engine was late.")["verdict"]["absolute"]
        is None
    )
