"""What a trace shows: hops, queues, counts, the sentence, and the Chrome trace."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.xray.chrome import chrome_trace
from dashboard.analysis.xray.trace import Xray, read_trace
from dashboard.wire.units import NS_PER_MS as MS

LOOP, WORKER, OTHER = 11, 12, 13  # threads, as the system numbers them
Row = tuple[str, int | None, int, float, float]  # kind, parent, thread, begun and ended in ms


def trace_of(*rows: Row, **more: Any) -> Any:
    """Return a trace as the traced process writes it, spans numbered in the given order."""
    spans = [
        {
            "number": number,
            "parent": parent,
            "kind": kind,
            "name": f"{kind} {number}",
            "thread": thread,
            "begun": int(5_000 * MS + begun * MS),
            "ended": int(5_000 * MS + ended * MS) if ended >= 0 else -1,
        }
        for number, (kind, parent, thread, begun, ended) in enumerate(rows)
    ]
    threads = {
        str(thread): {"name": f"thread-{thread}", "loop": thread == LOOP}
        for thread in (LOOP, WORKER, OTHER)
    }
    return {"spans": spans, "threads": threads, "dropped": 0, **more}


def xray_of(*rows: Row) -> Xray:
    return read_trace(trace_of(*rows))


REQUEST: Row = ("request", None, LOOP, 0, 100)


def gathered(number: int, each_ms: float, thread: int = WORKER) -> list[Row]:
    """Return spans of hops called at 1 ms, with work of `each_ms` one after the other."""
    calls: list[Row] = [
        ("sync_to_async", 0, LOOP, 1, 2 + (at + 1) * each_ms) for at in range(number)
    ]
    works: list[Row] = [
        ("work", 1 + at, thread, 2 + at * each_ms, 2 + (at + 1) * each_ms) for at in range(number)
    ]
    return [*calls, *works]


def test_a_hop_is_a_call_whose_work_has_another_thread() -> None:
    xray = xray_of(
        REQUEST,
        ("sync_to_async", 0, LOOP, 10, 20),
        ("thread", 1, LOOP, 11, 12),
        ("work", 1, WORKER, 13, 18),
        ("async_to_sync", 0, WORKER, 30, 40),
        ("work", 4, WORKER, 31, 39),
        ("executor", 0, LOOP, 50, 60),  # cancelled before it ran
    )
    (hop,) = xray.hops
    assert (hop.call.number, hop.work.number) == (1, 3)
    assert (hop.wait_ns, hop.return_ns, hop.queued_ns) == (3 * MS, 2 * MS, 0)
    assert xray.hop_cost_ns == 5 * MS
    assert xray.threads_started == 1


def test_instants_count_from_the_request() -> None:
    xray = xray_of(REQUEST, ("view", 0, LOOP, 10, 20), ("query", 1, LOOP, 12, 13.5))
    request, view, query = xray.spans
    assert (request.start_ns, request.end_ns) == (0, 100 * MS)
    assert (query.start_ns, query.length_ns) == (12 * MS, 1.5 * MS)
    assert (request.depth, view.depth, query.depth) == (0, 1, 2)
    assert xray.length_ns == 100 * MS
    assert xray.queries == 1


def test_a_span_that_outlives_the_request_is_cut_and_marked() -> None:
    xray = xray_of(REQUEST, ("work", 0, WORKER, 90, -1))
    assert not xray.spans[1].finished
    assert xray.spans[1].end_ns == xray.length_ns
    assert xray.to_json()["spans"][1]["length_ms"] is None


def test_threads_are_in_the_order_of_their_first_span() -> None:
    start = {"started": WORKER}
    trace = trace_of(REQUEST, ("thread", 0, LOOP, 1, 2), ("work", 0, WORKER, 3, 4))
    trace["spans"][1] |= start
    threads = read_trace(trace).threads
    assert [thread.name for thread in threads] == [f"thread-{LOOP}", f"thread-{WORKER}"]
    assert [thread.loop for thread in threads] == [True, False]
    assert [thread.started for thread in threads] == [False, True]


def test_gathered_on_one_thread_is_serialised() -> None:
    xray = xray_of(REQUEST, *gathered(5, 10))
    (line,) = xray.serialised
    assert line.to_json() == {
        "thread": f"thread-{WORKER}",
        "hops": 5,
        "worked_ms": 50,
        "longest_ms": 10,
        "lost_ms": 40,
    }
    assert [hop.queued_ns / MS for hop in xray.hops] == [0, 10, 20, 30, 40]
    # Standing in line is not what a hop costs by itself: each waited 1 ms besides.
    assert xray.hop_cost_ns == 5 * MS


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("one by one", [
            row
            for at in range(5)
            for row in (
                ("sync_to_async", 0, LOOP, 10 * at, 10 * at + 9),
                ("work", 1 + 2 * at, WORKER, 10 * at + 1, 10 * at + 8),
            )
        ]),
        ("two threads", [
            ("sync_to_async", 0, LOOP, 1, 42),
            ("executor", 0, LOOP, 1, 42),
            ("work", 1, WORKER, 2, 42),
            ("work", 2, OTHER, 2, 42),
        ]),
        ("there and back", [
            ("sync_to_async", 0, LOOP, 1, 90),
            ("work", 1, WORKER, 2, 89),
            ("async_to_sync", 2, WORKER, 3, 88),
            ("work", 3, LOOP, 4, 87),
            ("sync_to_async", 4, LOOP, 5, 86),
            ("work", 5, WORKER, 6, 85),  # inside the work on the same thread, and not behind it
        ]),
        ("too little to matter", gathered(5, 1)),
    ],
)  # fmt: skip
def test_what_is_not_serialised(name: str, rows: list[Row]) -> None:
    xray = xray_of(REQUEST, *rows)
    assert xray.serialised == ()
    if name != "too little to matter":
        assert all(hop.queued_ns == 0 for hop in xray.hops)


def test_two_lines_are_two_and_the_worse_comes_first() -> None:
    first, second = gathered(3, 5), gathered(3, 10, OTHER)
    shifted = [(k, p if p == 0 else p + 6, t, b, e) for k, p, t, b, e in second if p is not None]
    lines = xray_of(REQUEST, *first, *shifted).serialised
    assert [(line.thread, line.hops) for line in lines] == [
        (f"thread-{OTHER}", 3),
        (f"thread-{WORKER}", 3),
    ]


def test_the_sentence() -> None:
    quiet = xray_of(("request", None, WORKER, 0, 3))
    assert quiet.sentence("sync") == ("This sync view makes no thread hops, and starts no threads.")
    busy = xray_of(REQUEST, *gathered(5, 10), ("query", 6, WORKER, 3, 4), ("thread", 0, LOOP, 0, 1))
    assert busy.sentence("async") == (
        "This async view makes 5 thread hops and 1 query, and starts 1 thread: the hops alone add"
        " up to 5 ms, in parallel; the request took 100 ms. 5 hops queued for one thread,"
        " thread-12: 50 ms one after the other, of which the longest took 10 ms."
    )
    long = xray_of(
        ("request", None, LOOP, 0, 1200),
        ("sync_to_async", 0, LOOP, 0, 1200),
        ("work", 1, WORKER, 0.5, 1200),
    )
    assert "0.5 ms of its 1.2 s" in long.sentence("async")


def test_the_json_holds_every_number_of_the_sentence() -> None:
    result = json.loads(json.dumps(xray_of(REQUEST, *gathered(2, 20)).to_json()))
    assert (result["hops"], result["threads_started"], result["queries"]) == (2, 0, 0)
    assert (result["length_ms"], result["hop_cost_ms"]) == (100, 2)
    assert result["serialised"][0]["lost_ms"] == 20
    assert result["threads"][0] == {"name": f"thread-{LOOP}", "loop": True, "started": False}
    assert result["spans"][2]["hop"] == {
        "thread": 1, "wait_ms": 21, "queued_ms": 20, "return_ms": 0,
    }  # fmt: skip
    assert result["spans"][0]["hop"] is None


# The Chrome trace


def events(xray: Xray, *phases: str) -> list[Any]:
    return [e for e in chrome_trace(xray, "title")["traceEvents"] if e["ph"] in phases]


def test_each_span_is_a_complete_event_in_microseconds() -> None:
    xray = xray_of(REQUEST, ("view", 0, LOOP, 1.5, 3))
    request, view = events(xray, "X")
    assert (request["name"], request["ts"], request["dur"]) == ("request 0", 0, 100_000)
    assert (view["cat"], view["ts"], view["dur"]) == ("view", 1500, 1500)
    names = {event["name"]: event["args"] for event in events(xray, "M")}
    assert names["process_name"] == {"name": "title"}
    assert names["thread_name"] == {"name": f"thread-{LOOP} (event loop)"}


def test_arrows_go_there_and_back() -> None:
    xray = xray_of(REQUEST, ("to_thread", 0, LOOP, 1, 9), ("work", 1, WORKER, 2, 8))
    arrows = [(event["ph"], event["ts"], event["tid"]) for event in events(xray, "s", "f")]
    loop, worker = (event["tid"] for event in events(xray, "X")[1:])
    assert arrows == [
        ("s", 1000, loop), ("f", 2000, worker), ("s", 8000, worker), ("f", 9000, loop),
    ]  # fmt: skip


def test_what_goes_on_at_once_in_a_loop_has_rows_of_its_own() -> None:
    xray = xray_of(REQUEST, *gathered(3, 10))
    calls = [event["tid"] for event in events(xray, "X") if event["cat"] == "sync_to_async"]
    assert len(set(calls)) == 3
    titles = [e["args"]["name"] for e in events(xray, "M") if e["name"] == "thread_name"]
    assert titles == [f"thread-{LOOP} (event loop)"] * 3 + [f"thread-{WORKER}"]


@st.composite
def any_rows(draw: st.DrawFn) -> list[Row]:
    rows = [REQUEST]
    for number in range(1, draw(st.integers(1, 12))):
        parent = draw(st.integers(0, number - 1))
        begun = draw(st.integers(int(rows[parent][3]), 99))
        rows.append(
            (
                draw(st.sampled_from(["view", "sync_to_async", "work", "thread", "executor"])),
                parent,
                draw(st.sampled_from([LOOP, WORKER, OTHER])),
                begun,
                draw(st.sampled_from([-1, *range(begun, 101)])),
            )
        )
    return rows


@given(any_rows())
def test_on_one_row_nothing_overlaps_unless_it_is_inside(rows: list[Row]) -> None:
    spans = events(xray_of(*rows), "X")
    assert len(spans) == len(rows)
    for span in spans:
        for other in spans:
            if span["tid"] == other["tid"] and span["ts"] < other["ts"]:
                end, other_end = span["ts"] + span["dur"], other["ts"] + other["dur"]
                assert end <= other["ts"] or other_end <= end


@given(any_rows())
def test_no_trace_makes_a_negative_time(rows: list[Row]) -> None:
    xray = xray_of(*rows)
    assert all(span.length_ns >= 0 for span in xray.spans)
    assert all(0 <= hop.queued_ns <= hop.wait_ns for hop in xray.hops)
    assert xray.hop_cost_ns >= 0
    assert xray.sentence("sync").endswith(".")
    if not xray.hops_at_once:  # the sentence calls it a part of the whole then
        assert xray.hop_cost_ns <= xray.length_ns
