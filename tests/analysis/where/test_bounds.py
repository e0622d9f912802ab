"""What is made of a sampled firing is cut to the bounds, and only what is within them imported."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.analysis.where import bounds
from dashboard.analysis.where.bounds import bounded, problems
from dashboard.wire.report.where import Stack

from .sampled import lane_where, line


def stack(frames: list[int], ms: float) -> Stack:
    return {"state": "cpu", "frames": frames, "looks": 1, "ms": ms, "requests": 1}


def test_what_is_within_the_bounds_is_unchanged() -> None:
    where = lane_where(line(1, blocking=5.0), line(2, cpu=3.0))
    assert bounded(where) == where
    assert list(problems(where)) == []


def test_lines_and_stacks_of_least_time_are_left_out_and_counted() -> None:
    lines = [line(number, cpu=float(number)) for number in range(1, bounds.MOST_LINES + 3)]
    where = lane_where(*lines)
    assert list(problems(where)) == ["lines: expected at most 200, found 202"]
    cut = bounded(where)
    assert [each["line"] for each in cut["lines"]] == [*range(202, 2, -1)]
    assert cut["ms"] == where["ms"]
    assert cut["sampler"]["limits"] == ["2 lines with the least time were left out."]
    assert list(problems(cut)) == []


def test_frames_that_no_stack_has_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MOST_FRAMES", 2)
    lines = [line(number) for number in range(4)]
    where = lane_where(*lines, stacks=[stack([2, 3], 5.0), stack([0, 1], 3.0), stack([3], 1.0)])
    cut = bounded(where)
    assert [frame["line"] for frame in cut["frames"]] == [2, 3]
    assert [(each["frames"], each["ms"]) for each in cut["stacks"]] == [([0, 1], 5.0), ([1], 1.0)]
    assert cut["sampler"]["limits"] == ["1 stack with the least time was left out."]


def test_deep_stacks_keep_their_innermost_frames_and_long_texts_their_beginning() -> None:
    where = lane_where(line(1, cpu=1.0), line(2, cpu=1.0), stacks=[stack([0, *[1] * 300], 2.0)])
    where["lines"][0]["source"][0] = "x" * 1000
    cut = bounded(where)
    assert cut["stacks"][0]["frames"] == [0] * bounds.MOST_DEPTH
    assert cut["frames"][0]["line"] == 2
    assert len(cut["lines"][0]["source"][0]) == bounds.MOST_CHARACTERS
    assert list(problems(cut)) == []


def changed(where: Any, *path: Any, value: Any) -> Any:
    part = where
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return where


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (("stacks", 0, "frames"), [7], "stacks.frames: expected positions in frames"),
        (("stacks", 0, "frames"), [-1], "stacks.frames: expected positions in frames"),
        (("stacks", 0, "frames"), [0] * 201, "stacks.frames: expected at most 200, found 201"),
        (("stacks", 0, "ms"), -1.0, "ms: expected no negative time"),
        (("lines", 0, "ms", "cpu"), -1.0, "ms: expected no negative time"),
        (("lines", 0, "source"), ["x"] * 41, "lines.source: expected at most 40, found 41"),
        (("lines", 0, "leaf"), "x" * 401, "characters of a text: expected at most 400, found 401"),
        (("sampler", "limits"), ["x"] * 21, "sampler.limits: expected at most 20, found 21"),
    ],
)
def test_what_is_beyond_the_bounds_is_named(path: Any, value: Any, problem: str) -> None:
    where = changed(lane_where(line(1, cpu=1.0)), *path, value=value)
    assert list(problems(where)) == [problem]
