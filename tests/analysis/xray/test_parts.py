"""Which part of a request a span belongs to, what each part costs, and the middleware's bill."""

from __future__ import annotations

import json

from hypothesis import given

from dashboard.analysis.xray.bill import middleware_bill, short_names
from dashboard.analysis.xray.parts import REQUEST, VIEW, Cost, costs, parts
from dashboard.wire.units import NS_PER_MS as MS
from tests.analysis.xray.chains import (
    OWN,
    SESSIONS,
    SYNC,
    async_lane,
    sync_lane,
    sync_only_last,
    traced,
)
from tests.analysis.xray.test_trace import WORKER, Row, any_rows, gathered, xray_of

SESSION_PART, OWN_PART = ("middleware", SESSIONS), ("middleware", OWN)
QUERY_PART = ("view", "query SELECT book")


def test_a_part_is_the_same_however_the_request_was_served() -> None:
    assert parts(sync_lane()) == [*(REQUEST, SESSION_PART, SESSION_PART, REQUEST, VIEW, QUERY_PART)]
    assert parts(async_lane()) == [
        *(REQUEST, SESSION_PART, SESSION_PART, SESSION_PART, SESSION_PART),
        *(REQUEST, VIEW, VIEW, VIEW, QUERY_PART),
    ]


def test_each_part_has_its_own_counts_and_time() -> None:
    assert costs(async_lane()) == {
        # Around the middleware, and in the handler around the view.
        REQUEST: Cost(own_ns=2 * MS + 2 * MS),
        SESSION_PART: Cost(hops=1, threads=1, own_ns=2 * MS + 3 * MS),
        VIEW: Cost(hops=1, own_ns=int((2 + 1.5 + 0.5) * MS)),
        QUERY_PART: Cost(queries=1, own_ns=1 * MS),
    }


def test_both_hops_to_code_of_the_other_kind_are_the_sync_only_middlewares() -> None:
    found = costs(sync_only_last())
    assert (found[SESSION_PART].hops, found[OWN_PART].hops) == (0, 2)
    assert sum(cost.hops for cost in found.values()) == 2
    # On the way there and back: the time of its hops is its own as well.
    assert found[SESSION_PART].own_ns == 1 * MS
    assert found[OWN_PART].own_ns == (2 + 1 + 2) * MS


@given(any_rows())
def test_counts_add_up_to_those_of_the_request(rows: list[Row]) -> None:
    xray = xray_of(*rows)
    total = sum(costs(xray).values(), Cost())
    assert total.counts == (len(xray.hops), xray.threads_started, xray.queries)
    assert all(cost.own_ns >= 0 for cost in costs(xray).values())


def test_the_time_adds_up_unless_things_were_done_in_parallel() -> None:
    for xray in (sync_lane(), async_lane(), sync_only_last()):
        assert sum(cost.own_ns for cost in costs(xray).values()) == xray.length_ns
    parallel = xray_of(("request", None, 11, 0, 100), *gathered(3, 10))
    assert sum(cost.own_ns for cost in costs(parallel).values()) > parallel.length_ns


def test_the_bill_has_a_line_for_each_middleware() -> None:
    outer, own = middleware_bill(sync_only_last())
    assert (outer.name, outer.kind, outer.ran_as) == ("SessionMiddleware", "sync and async", "sync")
    assert (own.name, own.kind, own.ran_as, own.cost.hops) == ("own", "sync only", "sync", 2)
    assert json.loads(json.dumps(own.to_json())) == {
        "path": OWN,
        "name": "own",
        "kind": "sync only",
        "ran_as": "sync",
        "hops": 2,
        "threads_started": 0,
        "queries": 0,
        "own_ms": 5,
        "n": 1,
    }


def test_its_time_is_the_median_of_all_traced_requests() -> None:
    (entry,) = middleware_bill(async_lane(), [sync_lane(), sync_lane()])
    assert (entry.cost.hops, len(entry.own_ns)) == (1, 3)
    assert entry.own_ms == 3  # of 5, 3 and 3 ms


def test_the_queries_of_a_middleware_are_on_its_bill() -> None:
    xray = traced(
        (("request", None, WORKER, 0, 10), "GET /", {}),
        (("middleware", 0, WORKER, 1, 9), "SessionMiddleware", {"path": SESSIONS, **SYNC}),
        (("stage", 1, WORKER, 2, 6), "SessionMiddleware.process_request", {"path": SESSIONS}),
        (("query", 2, WORKER, 3, 5), "SELECT django_session", {}),
    )
    (entry,) = middleware_bill(xray)
    assert (entry.cost.queries, entry.own_ms) == (1, 8)
    query = (*SESSION_PART, "query SELECT django_session")
    assert costs(xray)[query] == Cost(queries=1, own_ns=2 * MS)


def test_without_middleware_there_is_no_bill() -> None:
    assert middleware_bill(xray_of(("request", None, 11, 0, 1))) == ()


def test_names_are_as_short_as_they_can_be_told_apart() -> None:
    assert short_names(["a.b.C", "a.D", "e.C"]) == {"a.b.C": "a.b.C", "a.D": "D", "e.C": "e.C"}
