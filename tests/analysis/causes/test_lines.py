"""The lines of a cause: those of its states, the most expensive first, and the first in words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.analysis.causes.lines import MOST_LINES, add_lines, lines_of
from dashboard.analysis.samples.loop_holds import AROUND, OTHER, VIEW
from dashboard.analysis.text.causes.lines import share_text
from dashboard.wire.report.where import STATES
from tests.analysis.planted import Planted, report_of
from tests.analysis.where.sampled import LANE, lane_where, line
from tests.golden.test_contract import check

from .test_causes import PLANTED, causes

# Of each state as much: which of them counts is what the causes differ by.
LINES = (
    line(1, "json.dumps", cpu=81, blocking=2, holding=2, awaiting=2),
    line(2, "requests.get", cpu=1, blocking=300, holding=5, awaiting=2),
    line(3, "time.sleep", cpu=1, blocking=2, holding=600, awaiting=2),
    line(4, "asyncio.sleep", cpu=1, blocking=2, holding=2, awaiting=500),
)
EXPECTED = {
    "threads-busy": (3, "holding", "Its threads spent {} of their time in views at {}."),
    "one-at-a-time": (3, "holding", "Its requests spent {} of their time in views at {}."),
    "loop-blocked": (3, "holding", ": {1}, held the loop for {0} of that time."),
    "executor-full": (4, "awaiting", "Of the time that its requests waited, {} was at {}."),
    "cpu-bound": (3, "holding", "Of the CPU time of its requests, {} was used at {}."),
    "waiting-in-app": (4, "awaiting", "It waited for {} of that time at {}."),
}


def sampled(slow: Planted, fast: Planted, **context: Any) -> Any:
    """Return the report of two lanes, of which the slow one was sampled."""
    where = {slow.name: lane_where(*LINES, lane=slow.name)}
    return report_of([slow, fast], 20, where=where, **context)


@pytest.mark.parametrize(("name", "slow", "fast"), PLANTED, ids=[case[0] for case in PLANTED])
def test_a_cause_about_lines_names_the_first_of_its_states(
    name: str, slow: Planted, fast: Planted
) -> None:
    report = sampled(slow, fast)
    check(report)
    (cause,) = [cause for cause in causes(report) if cause["name"] == name]
    if name not in EXPECTED:
        assert "lines" not in cause["evidence"]
        return
    number, state, words = EXPECTED[name]
    first = cause["evidence"]["lines"][0]
    assert (first["path"], first["line"], first["state"]) == ("views.py", number, state)
    assert 0 < sum(each["share"] for each in cause["evidence"]["lines"]) <= 1
    place = f"views.py:{number}, {first['leaf']}"
    assert words.format(share_text(first["share"]), place) in report["verdict"]["sentence"]


@pytest.mark.parametrize(("name", "slow", "fast"), PLANTED, ids=[case[0] for case in PLANTED])
def test_without_a_sampled_firing_nothing_changes(name: str, slow: Planted, fast: Planted) -> None:
    report = report_of([slow, fast], 20)
    assert "lines" not in json.dumps(report["verdict"])
    assert "views.py" not in report["verdict"]["sentence"]
    other = report_of([slow, fast], 20, where={fast.name: lane_where(*LINES, lane=fast.name)})
    assert other == report  # a cause names lines of its own lane alone


@pytest.mark.parametrize("holder", [VIEW, AROUND, OTHER])
def test_code_outside_of_requests_has_no_line(holder: str) -> None:
    cause: Any = {
        "name": "loop-blocked",
        "lane": LANE,
        "share": 1.0,
        "evidence": {"holder": holder},
    }
    add_lines([cause], {LANE: lane_where(*LINES)})
    assert ("lines" in cause["evidence"]) is (holder != OTHER)


def test_there_are_at_most_five_and_none_of_little_time() -> None:
    many = [line(number, blocking=100.0 - number) for number in range(10)]
    assert [each["line"] for each in lines_of(many, STATES)] == [*range(MOST_LINES)]
    little = [line(1, blocking=99), line(2, blocking=1)]
    assert [each["line"] for each in lines_of(little, STATES)] == [1]
    assert lines_of([line(1, cpu=5)], ("blocking",)) == []


def test_a_line_without_a_call_is_its_place_alone() -> None:
    slow, fast = next((slow, fast) for name, slow, fast in PLANTED if name == "cpu-bound")
    where = {slow.name: lane_where(line(7, "", cpu=100), lane=slow.name)}
    sentence = report_of([slow, fast], 20, where=where)["verdict"]["sentence"]
    assert "100 % was used at views.py:7." in sentence


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0 %"), (0.001, "1 %"), (0.814, "81 %"), (0.999, "99 %"), (1, "100 %")]
)
def test_shares_are_whole_percents(share: float, text: str) -> None:
    assert share_text(share) == text
