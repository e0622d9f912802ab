"""The stacks as a tree, and as files for other tools."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from dashboard.analysis.where.flame import Node, flame
from dashboard.analysis.where.lane_where import lane_where
from dashboard.analysis.where.perfetto import perfetto
from dashboard.analysis.where.source import ProjectSource
from dashboard.analysis.where.speedscope import speedscope
from dashboard.analysis.where.times import total_ms
from dashboard.wire.report.where import LaneWhere, WhereReport
from dashboard.wire.traces.looks import Looks

from .looks import any_looks, frame, looks

HANDLER = frame("BaseHandler.get_response", "django/core/handlers/base.py", 197)
API = frame("get", "requests/api.py", 73)


def lane(seen: Looks) -> LaneWhere:
    return lane_where(seen, "sync@daphne", ProjectSource(Path("/nowhere")))


def report(seen: Looks) -> WhereReport:
    return {"lanes": [lane(seen)], "missing": {}}


def nodes(root: Node) -> list[Node]:
    return [root, *(node for child in root.children.values() for node in nodes(child))]


@given(any_looks)
def test_a_node_has_at_least_the_time_of_its_children(seen: Looks) -> None:
    trees = flame(lane(seen))
    assert sum(tree.ms for tree in trees.values()) == pytest.approx(total_ms(lane(seen)["ms"]))
    for tree in trees.values():
        for node in nodes(tree):
            inner_ms = sum(child.ms for child in node.children.values())
            assert inner_ms <= node.ms * (1 + 1e-9)


def test_a_tree_begins_at_the_projects_outermost_frame() -> None:
    view = frame("report", line=10)
    seen = looks([("blocking", [HANDLER, view, API], 5.0), ("blocking", [HANDLER], 1.0)])
    (tree,) = flame(lane(seen)).values()
    first, second = tree.sorted_children()
    assert (first.function, first.line, first.project) == ("report", 10, True)
    assert [node.function for node in nodes(first)] == ["report", "get"]
    assert (second.function, second.path) == ("outside the project", "")
    assert [node.function for node in nodes(second)][1:] == ["BaseHandler.get_response"]


def test_a_deep_stack_is_no_recursion() -> None:
    deep = [frame("again", "shop/loop.py", number) for number in range(1, 3000)]
    seen = looks([("cpu", deep, 1.0)])
    assert len(perfetto(report(seen))["traceEvents"]) == 2999 + 2


@given(any_looks)
def test_speedscope_has_a_weight_for_each_sample_and_each_frame_once(seen: Looks) -> None:
    data: dict[str, Any] = json.loads(json.dumps(speedscope(report(seen), "a run")))
    frames = data["shared"]["frames"]
    assert len({json.dumps(each) for each in frames}) == len(frames)
    for profile in data["profiles"]:
        assert (profile["type"], profile["unit"]) == ("sampled", "milliseconds")
        assert len(profile["samples"]) == len(profile["weights"])
        assert sum(profile["weights"]) == pytest.approx(profile["endValue"])
        assert all(0 <= at < len(frames) for sample in profile["samples"] for at in sample)
    assert len({profile["name"] for profile in data["profiles"]}) == len(data["profiles"])


@given(any_looks)
def test_calls_of_a_thread_in_a_trace_are_inside_each_other_or_apart(seen: Looks) -> None:
    events = json.loads(json.dumps(perfetto(report(seen))))["traceEvents"]
    for thread in {event["tid"] for event in events}:
        calls = [event for event in events if event["ph"] == "X" and event["tid"] == thread]
        calls.sort(key=lambda call: (call["ts"], -call["dur"]))
        open_ends: list[float] = []
        for call in calls:
            while open_ends and open_ends[-1] <= call["ts"] + 1e-6:
                open_ends.pop()
            end = call["ts"] + call["dur"]
            assert not open_ends or end <= open_ends[-1] + 1e-6
            open_ends.append(end)
        outermost = [call for call in calls if call["ts"] + call["dur"] > 0]
        assert all(first["ts"] <= second["ts"] for first, second in pairwise(outermost))
