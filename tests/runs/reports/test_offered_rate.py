"""Whether a lane kept up with its rate, with simulated queues whose answer is known."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import pytest

from dashboard.runs.reports.offered_rate import Rates
from dashboard.wire import frame
from dashboard.wire.failure import Failure
from dashboard.wire.plan.plan import Rate
from dashboard.wire.report.lanes import RateReport
from dashboard.wire.units import NS_PER_S

LOAD = Rate(200.0, 4.0)


def constant(load: Rate, seed: int) -> list[float]:
    return [number / load.rate_rps for number in range(load.requests)]


def poisson(load: Rate, seed: int) -> list[float]:
    chance = random.Random(seed)
    return sorted(chance.uniform(0, load.duration_s) for _ in range(load.requests))


def served(due_s: Iterable[float], workers: int, service_s: float) -> list[tuple[float, float]]:
    """Return due and done of requests served by so many workers, one request at a time each."""
    free_s = [0.0] * workers
    pairs = []
    for due in due_s:
        first = min(range(workers), key=free_s.__getitem__)
        free_s[first] = max(free_s[first], due) + service_s
        pairs.append((due, free_s[first]))
    return pairs


def samples(pairs: Iterable[tuple[float, float]], *, round: int = 1, error: int = 0) -> frame.Frame:
    rows = [
        {
            "request": number,
            "due": int(due * NS_PER_S),
            "done": int(done * NS_PER_S),
            "status": 0,
            "error": error,
        }
        for number, (due, done) in enumerate(pairs)
    ]
    columns = frame.rows_to_columns("samples", rows)
    return frame.decode(frame.encode("samples", lane=0, round=round, origin_ns=0, columns=columns))


def judged(*frames: frame.Frame, load: Rate = LOAD) -> RateReport:
    rates = Rates(load)
    for decoded in frames:
        rates.take(decoded)
    return rates.of(0)


@pytest.mark.parametrize("arrivals", [constant, poisson])
@pytest.mark.parametrize(
    ("workers", "service_s", "achieved_rps", "keeps_up"),
    [
        (1, 0.0001, 200, True),
        (200, 0.1, 200, True),  # twenty in flight, and none the more for it
        (1000, 1.5, 200, True),  # in flight grows for 1.5 s, and no longer
        (8, 0.1, 80, False),  # what eight threads can do
        (1, 0.1, 10, False),
        (16, 0.1, 160, False),
    ],
)
def test_a_growing_queue_is_recognised(
    arrivals: Callable[[Rate, int], list[float]],
    workers: int,
    service_s: float,
    achieved_rps: float,
    keeps_up: bool,
) -> None:
    report = judged(samples(served(arrivals(LOAD, 1), workers, service_s)))
    assert report["keeps_up"] is keeps_up
    assert report["offered_rps"] == 200
    assert report["achieved_rps"] == pytest.approx(achieved_rps, rel=0.1)


def test_one_stall_is_not_a_backlog_that_grows() -> None:
    stalled = [(due, max(due + 0.01, 2.3 if 2.0 <= due < 2.3 else 0)) for due in constant(LOAD, 1)]
    assert judged(samples(stalled))["keeps_up"] is True


def test_rounds_are_pooled_and_the_warm_up_is_left_out() -> None:
    fine, slow = (served(constant(LOAD, 1), workers, 0.1) for workers in (100, 8))
    frames = [samples(fine, round=number) for number in (1, 2, 4)]
    report = judged(*frames, samples(slow, round=3), samples(slow, round=0))
    assert report["keeps_up"] is True  # so in most rounds
    alone = judged(*frames)
    assert alone["achieved_rps"] == pytest.approx(200, rel=0.01)


def test_only_successful_answers_count() -> None:
    refused = samples(((due, due) for due in constant(LOAD, 1)), error=Failure.REFUSED)
    nothing = {"offered_rps": 200.0, "achieved_rps": None, "keeps_up": None}
    assert judged(refused) == judged() == nothing


def test_with_few_requests_it_is_unknown() -> None:
    few = Rate(5.0, 2.0)
    report = judged(samples(served(constant(few, 1), 1, 0.5)), load=few)
    assert report["keeps_up"] is None
    assert report["achieved_rps"] == pytest.approx(2.0)
