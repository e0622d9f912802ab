"""Every table of verdicts has a headline: one claim, in one line and one unit, in good grammar."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.inference.comparison import Interval
from dashboard.analysis.text.names import short_name
from dashboard.analysis.text.numbers import (
    ends_like,
    in_one_unit,
    signed_percents,
    value_like,
    with_ends,
)
from dashboard.analysis.text.verdict.headline import MOST
from dashboard.analysis.text.verdict.sentences import because, headline, sentence
from dashboard.wire.plan.plan import MARGIN
from tests.analysis.causes.test_causes import PLANTED, THREADS, free
from tests.analysis.planted import Planted, at_once, report_of
from tests.properties import examples

LANES = [
    "sync@gunicorn-gthread",
    "async@daphne",
    "sync@daphne",
    "async-blocking@uvicorn",
    "bridged-threads@gunicorn-uvicorn",
    "sync@gunicorn-sync",
]
ANSWERS = [
    "differs", "no-difference", "undecided", "first-look", "errors", "redirected", "behind",
    "not-trusted", "no-rounds",
]  # fmt: skip
LIMITS = ["cpu-bound", "mostly-cpu", "light-load", "same-limit", "waiting", "unknown", None]
UNIT = re.compile(r"\d ?(?:requests)?(×|%|/s\b|ms\b|s\b)")
LEVEL = re.compile(r"\(\d+(?:\.\d+)? %")


@cache
def planted_causes() -> tuple[Any, ...]:
    """Each cause as a report has it, and none."""
    reports = [report_of([slow, fast], 20, 2) for _, slow, fast in PLANTED]
    causes = [report["verdict"]["comparisons"][0]["causes"] for report in reports]
    return (None, *(cause[0] for cause in causes if cause))


@st.composite
def comparisons(draw: st.DrawFn, lane: str, baseline: str) -> dict[str, Any]:
    """A comparison whose answer follows from its interval, or one without any."""
    low, ratio, high = sorted(draw(st.lists(st.floats(0.01, 100), min_size=3, max_size=3)))
    answer = draw(st.sampled_from(ANSWERS))
    interval: list[float] | None = None
    if answer in {"differs", "no-difference", "undecided"}:
        answer = Interval(ratio, low, high, 0.95, 6, "paired t").answer(MARGIN)
        interval = [low, high]
    cause = draw(st.sampled_from(planted_causes()))
    share = draw(st.sampled_from([None, 0.2, 0.9]))
    place = draw(st.sampled_from([lane, baseline]))
    unknown = answer in {"errors", "redirected", "behind", "no-rounds"}
    return {
        "lane": lane, "answer": answer, "ratio": None if unknown else ratio, "interval": interval,
        "level": 0.95, "rounds": draw(st.sampled_from([1, 3, 5, 10])),
        "round_ratios": [low, high],
        "causes": [{**cause, "lane": place, "share": share}] if cause else [], "factors": None,
    }  # fmt: skip


@st.composite
def reports(draw: st.DrawFn) -> Any:
    """A report of two, three or six lanes, with whatever they were found to do."""
    names = LANES[: draw(st.sampled_from([2, 3, 6]))]
    drawn = [draw(comparisons(name, names[0])) for name in names[1:]]
    rated = draw(st.booleans())
    keeping = st.sampled_from([True, False, None]) if rated else st.none()
    intervals = {
        item["lane"]: draw(st.sampled_from([item["round_ratios"], None])) for item in drawn
    }
    name = draw(st.sampled_from(LIMITS))
    disturbed = {"reason": "It was late.", "intervals": intervals} if draw(st.booleans()) else None
    verdict = {
        "metric": draw(st.sampled_from(["makespan_s", "response_p95_ms"])), "baseline": names[0],
        "margin": MARGIN, "spoiled": None, "control": None, "comparisons": drawn,
        "disturbed": disturbed,
        "absolute": name and {"name": name, "concurrency": 20, "lanes": LIMIT[: len(names)]},
    }  # fmt: skip
    lanes = [lane_of(name, draw(st.integers(0, 20)), draw(keeping), rated) for name in names]
    return {"verdict": verdict, "lanes": lanes, "load": {"kind": "burst", "requests": 20}}


LIMIT = [
    {
        "lane": lane, "time_s": 1.0, "cpu_ms_per_request": 40.0, "cpu_share": 0.9,
        "own_cpu_share": 0.9, "least_own_cpu_share": 0.9, "cpu_alone_s": 0.8,
        "taken_by_others": 0.0, "usable_cores": 1, "cores": 1, "in_view": 4.0, "peak_in_view": 8,
        "capacity": 8, "view_ms_p50": 100.0, "waits": True,
    }
    for lane in LANES
]  # fmt: skip


def lane_of(name: str, failed: int, keeps_up: bool | None, rated: bool) -> dict[str, Any]:
    rate = {"offered_rps": 500.0, "achieved_rps": 212.3, "keeps_up": keeps_up} if rated else None
    errors = {"http-500": failed} if failed else {}
    return {
        "lane": name, "requests": 20, "ok": 20 - failed, "errors": errors, "rate": rate,
        "theory": None, "makespan_s": [1.0],
    }  # fmt: skip


@examples(400)
@given(reports())
def test_a_headline_is_one_claim_in_one_line_and_one_unit(report: Any) -> None:
    text = headline(report)
    assert text.endswith(".")
    assert ". " not in text
    assert len(text) <= MOST, text
    assert not re.search(r"None|nan\b|inf\b|best|fastest|slowest|always|  ", text)
    assert len(set(UNIT.findall(LEVEL.sub("(", text)))) <= 1, text


@examples(400)
@given(reports())
def test_nouns_and_verbs_agree(report: Any) -> None:
    text = sentence(report)
    assert not re.search(r"(?<![\d.,])1 (rounds|threads|requests|others|lanes)\b", text)
    assert not re.search(
        r"(?<![\d.,])(0|[2-9]|\d\d+) (round|thread|request|other|lane)\b(?! hop)", text
    )
    several = re.search(r" (and [\w@-]+|others?) (was|were) ", headline(report))
    assert several is None or several[2] == "were"


@examples(400)
@given(reports())
def test_what_the_headline_leaves_out_follows_it(report: Any) -> None:
    text = sentence(report)
    compared = report["verdict"]["comparisons"]
    assert all(comparison["lane"] in text for comparison in compared)
    for comparison in compared:
        if comparison["answer"] == "undecided":
            assert "ndecided" in text or "kept up" in text
    assert text.startswith(headline(report))
    assert text == " ".join([headline(report), *because(report)])


def compared(lane: str, ratio: float, width: float = 1.03, **more: Any) -> dict[str, Any]:
    interval = [ratio / width, ratio * width]
    answer = Interval(ratio, interval[0], interval[1], 0.95, 6, "paired t").answer(MARGIN)
    return {
        "lane": lane, "answer": answer, "ratio": ratio, "interval": interval, "level": 0.95,
        "rounds": 6, "round_ratios": interval, "causes": [], "factors": None, **more,
    }  # fmt: skip


def of(*compared_lanes: dict[str, Any], **verdict: Any) -> str:
    base: dict[str, Any] = {
        "metric": "makespan_s", "baseline": LANES[0], "margin": MARGIN, "spoiled": None,
        "control": None, "disturbed": None, "absolute": None,
    }  # fmt: skip
    report: Any = {"verdict": {**base, "comparisons": compared_lanes, **verdict}, "lanes": []}
    return headline(report)


THREADS_BUSY = {
    "name": "threads-busy", "lane": LANES[0], "share": 1.0,
    "evidence": {
        "processes": 1, "threads": 8, "peak_in_app": 8, "waiting": 92, "waited_ms_p50": 650.0,
        "server_ms_p95": 1.0, "other_server_ms_p95": 1.0,
    },
}  # fmt: skip


def test_one_lane_against_the_baseline() -> None:
    assert of(compared("async@daphne", 1 / 7.3, causes=[THREADS_BUSY])) == (
        "async@daphne was 7.3× faster than sync@gunicorn-gthread (95 %: 7.1–7.5), because gunicorn"
        " had only 8 threads."
    )
    partly = {**THREADS_BUSY, "share": 0.3}
    assert of(compared("async@daphne", 1 / 7.3, causes=[partly])).endswith(
        ", partly because gunicorn had only 8 threads."
    )


def test_lanes_that_do_equally_well_share_the_claim() -> None:
    lanes = [compared(name, 1 / 7.3, causes=[THREADS_BUSY]) for name in LANES[1:4]]
    lanes[1]["ratio"] = 1 / 7.2
    assert of(*lanes[:2]) == (
        "async@daphne and sync@daphne were about 7.2× faster than sync@gunicorn-gthread (95 %:"
        " 7.1–7.5), because gunicorn had only 8 threads."
    )
    assert of(*lanes).startswith("async@daphne and 2 others were about 7.3× faster than ")
    other = compared(LANES[2], 1 / 2)
    assert of(lanes[0], other).startswith("async@daphne was 7.3× faster")


@pytest.mark.parametrize(
    ("ratios", "words"),
    [
        ((1 / 2, 20.0), "async@daphne was 2.00× faster than"),  # a large gain comes first
        ((0.9, 20.0), "sync@daphne took 20.0× as long as"),  # a small one does not
        ((0.8, 1.2), "async@daphne took 20 % less time than"),
        ((1.0, 20.0), "sync@daphne took 20.0× as long as"),
    ],
)
def test_the_largest_difference_is_the_claim(ratios: tuple[float, ...], words: str) -> None:
    lanes = [compared(name, ratio, 1.02) for name, ratio in zip(LANES[1:], ratios, strict=False)]
    assert of(*lanes).startswith(words)


CONTROL = {"trusted": True, "why": []}


def test_a_late_load_generator_costs_the_worst_case_before_the_line_is_too_long() -> None:
    late = [
        {**compared(name, 1.0), "answer": "not-trusted", "interval": None} for name in LANES[1:3]
    ]
    disturbed = {"reason": "It was late.", "intervals": {name: [1.0, 2.0] for name in LANES[1:3]}}
    text = of(*late, metric="response_p95_ms", disturbed=disturbed)
    assert len(text) <= MOST
    assert text.startswith("No verdict, the load generator was late: async@daphne and")


@pytest.mark.parametrize(
    ("comparison", "words"),
    [
        (
            compared("x", 1.005, 1.01),
            "A/A run: no difference larger than 3 % between sync@gunicorn-gthread and itself (95 %:"
            " −0.5 to +1.5 %).",
        ),
        (
            compared("x", 1.005, 1.1),
            "A/A run: no difference shown between sync@gunicorn-gthread and itself (95 %: −8.6 to"
            " +10.5 %).",
        ),
        (
            compared("x", 1.12, 1.02),
            "A/A run: sync@gunicorn-gthread took 12 % longer than itself (95 %: 9.8–14 %), so this"
            " machine cannot be trusted now.",
        ),
    ],
)
def test_a_a_runs(comparison: dict[str, Any], words: str) -> None:
    assert of({**comparison, "lane": f"{LANES[0]}#2"}, control=CONTROL) == words


def test_an_overload_states_what_kept_up() -> None:
    rates = {"a@x": (True, 500.0), "b@y": (False, 212.3), "c@z": (False, 80.0)}
    lanes = [
        {"lane": lane, "rate": {"offered_rps": 500.0, "achieved_rps": rps, "keeps_up": keeps_up}}
        for lane, (keeps_up, rps) in rates.items()
    ]
    report: Any = {"verdict": {"spoiled": None, "control": None}, "lanes": lanes}
    assert headline(report) == (
        "a@x kept up with 500 requests/s; b@y achieved 212/s and c@z achieved 80/s."
    )
    report["lanes"] = lanes[1:]
    assert headline(report) == (
        "Nothing kept up with 500 requests/s: b@y achieved 212/s and c@z achieved 80/s."
    )
    report["lanes"][0]["rate"]["achieved_rps"] = 501.0
    assert headline(report) == (
        "Nothing kept up with 500 requests/s: b@y achieved 501/s with ever longer response times"
        " and c@z achieved 80/s."
    )


def test_failures_state_what_is_left() -> None:
    lanes = [lane_of("a@x", 8, None, rated=False), lane_of("b@y", 0, None, rated=False)]
    failed = compared("b@y", 1.0) | {"answer": "errors", "ratio": None}
    verdict = {
        "metric": "makespan_s", "baseline": "a@x", "margin": MARGIN, "spoiled": None,
        "control": None, "comparisons": [failed],
    }  # fmt: skip
    report: Any = {"verdict": verdict, "lanes": lanes}
    assert headline(report) == (
        "Requests failed, so there is no comparison: a@x 8 of 20 (8 http-500), b@y none."
    )


@pytest.mark.parametrize(
    ("lane", "others", "name"),
    [
        ("sync@gunicorn-gthread", ["async@daphne"], "gunicorn"),
        ("sync@gunicorn-gthread", ["sync@gunicorn-sync"], "gunicorn-gthread"),
        ("async-blocking@uvicorn", ["async@uvicorn"], "async-blocking"),
        ("sync@web-4", ["async@daphne"], "web-4"),
        ("a@x#2", ["a@x"], "a@x#2"),
    ],
)
def test_a_cause_names_what_distinguishes_its_lane(lane: str, others: list[str], name: str) -> None:
    assert short_name(lane, others) == name


def test_a_lane_that_misses_theory_has_a_reason() -> None:
    busy = free(100, config=THREADS.config, name="sync@daphne")
    slow = Planted("async@uvicorn", at_once(6400), THREADS.config, {"peak_in_view": 20})
    text = report_of([busy, slow], 8)["verdict"]["sentence"]
    assert re.search(r"async@uvicorn took 6\.\d+ s where waiting alone takes 0\.1 s: ", text)
    assert "sync@daphne took" not in text


def test_numbers_of_one_sentence_have_one_unit() -> None:
    assert in_one_unit(6.4, 0.1) == ["6.4 s", "0.1 s"]
    assert in_one_unit(0.4, 0.1) == ["400 ms", "100 ms"]
    assert ends_like(1 / 7.3, 1 / 7.8, 1 / 6.9) == "6.9–7.8"
    assert with_ends(1 / 7.3, [1 / 7.8, 1 / 6.9]) == ("7.3× faster", "6.9–7.8")
    assert with_ends(1 / 4.98, [1 / 5.02, 1 / 4.93]) == ("4.98× faster", "4.93–5.02")
    assert with_ends(130.0, [127.0, 133.0]) == ("130× as long", "127–133")
    assert with_ends(1.12, [1.1, 1.14]) == ("12 % longer", "10–14 %")
    assert with_ends(0.5, None) == ("2× faster", "")
    assert ends_like(1.9, 1.8, 2.1) == "1.8–2.1"
    assert ends_like(1.12, 1.1, 1.14) == "10–14 %"
    assert ends_like(1.12, 0.9, 1.3) == signed_percents(0.9, 1.3) == "−10 to +30 %"
    assert (value_like(1 / 2.9, 1 / 3.4), value_like(1.2, 1.6)) == ("3.4×", "60 %")
