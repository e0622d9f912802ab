"""Looks are folded to lines: each in one state, and in one line or outside the project."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.where.lane_where import lane_where
from dashboard.analysis.where.source import ProjectSource
from dashboard.analysis.where.times import outside, total_ms
from dashboard.wire.report.where import STATES, LaneWhere
from dashboard.wire.traces.looks import Looks

from .looks import GET_LINE, SLEEP_LINE, any_looks, frame, looks, written

NOWHERE = ProjectSource(Path("/nowhere"))
API = frame("get", "requests/api.py", 73)
SEND = frame("Session.send", "requests/sessions.py", 703)
HANDLER = frame("BaseHandler._get_response", "django/core/handlers/base.py", 197)


def folded(looks: Looks, source: ProjectSource = NOWHERE) -> LaneWhere:
    return lane_where(looks, "sync@daphne", source)


@given(any_looks)
def test_each_look_is_in_one_state_and_in_one_line_or_outside(looks: Looks) -> None:
    lane = folded(looks)
    for state in STATES:
        all_ms = sum(stack.ms for stack in looks.stacks if stack.state == state)
        lines_ms = sum(line["ms"][state] for line in lane["lines"])
        assert lane["ms"][state] == pytest.approx(all_ms)
        assert lines_ms <= lane["ms"][state] * (1 + 1e-9)
        assert lines_ms + outside(lane)[state] == pytest.approx(all_ms)
    assert sum(stack["looks"] for stack in lane["stacks"]) == len(looks.stacks)
    assert sum(line["share"] for line in lane["lines"]) <= 1 + 1e-9


@given(any_looks)
def test_a_look_is_outside_exactly_if_none_of_its_frames_is_the_projects(looks: Looks) -> None:
    inside_ms = sum(
        stack.ms for stack in looks.stacks if any(looks.frames[at].project for at in stack.frames)
    )
    lane = folded(looks)
    assert sum(total_ms(line["ms"]) for line in lane["lines"]) == pytest.approx(inside_ms)


@given(any_looks, st.randoms(use_true_random=False))
def test_the_order_of_the_looks_changes_nothing(looks: Looks, random: Random) -> None:
    stacks = list(looks.stacks)
    random.shuffle(stacks)
    assert folded(replace(looks, stacks=tuple(stacks))) == folded(looks)


def test_a_line_is_the_innermost_of_the_project_with_the_call_it_made(tmp_path: Path) -> None:
    helper = frame("fetch", "shop/client.py", 3)
    view = frame("report", line=4)
    lane = folded(looks([("blocking", [HANDLER, view, helper, API, SEND], 50.0)]))
    (line,) = lane["lines"]
    assert (line["path"], line["line"], line["function"]) == ("shop/client.py", 3, "fetch")
    assert line["leaf"] == "requests.get"
    assert line["share"] == 1


@pytest.mark.parametrize("handler", ["asgi", "wsgi"])
def test_an_application_around_djangos_waits_for_it(handler: str) -> None:
    """While a request waits for its loop or for a thread, before the view, no line is at work."""
    wrapper = frame("application.<locals>.chosen", "shop/asgi.py", 9)
    django = frame("Handler.__call__", f"django/core/handlers/{handler}.py", 160)
    stacks = [
        ("awaiting", [wrapper, django, HANDLER], 30.0),
        ("awaiting", [wrapper, django, HANDLER, frame("report", line=4), API], 60.0),
        ("awaiting", [wrapper, frame("sleep", "asyncio/tasks.py", 665)], 10.0),  # its own doing
    ]
    lane = folded(looks(stacks))
    shares = {line["path"]: line["share"] for line in lane["lines"]}
    assert shares == pytest.approx({"shop/views.py": 0.6, "shop/asgi.py": 0.1})
    assert outside(lane)["awaiting"] == pytest.approx(30.0)


def test_a_function_in_c_is_named_by_the_source(tmp_path: Path) -> None:
    source = ProjectSource(written(tmp_path))
    lane = folded(looks([("blocking", [frame("report", line=SLEEP_LINE)], 50.0)]), source)
    (line,) = lane["lines"]
    assert line["leaf"] == "time.sleep"
    assert line["source"][SLEEP_LINE - line["source_from"]] == "    sleep(0.1)"
    assert len(line["source"]) == 6  # the file ends two lines below


def test_the_call_that_the_sampler_saw_is_resolved_by_the_imports(tmp_path: Path) -> None:
    source = ProjectSource(written(tmp_path))
    view = frame("report", line=SLEEP_LINE, call="sleep")
    assert folded(looks([("blocking", [view], 1.0)]), source)["lines"][0]["leaf"] == "time.sleep"


def test_lines_are_sorted_by_their_time_and_requests_are_counted_once() -> None:
    get, idle = frame("report", line=GET_LINE), frame("report", line=SLEEP_LINE)
    seen = looks([("cpu", [idle], 1.0), ("blocking", [get, API], 5.0), ("cpu", [get, API], 2.0)])
    same = replace(
        seen, stacks=tuple(replace(stack, requests=frozenset({7})) for stack in seen.stacks)
    )
    first, second = folded(same)["lines"]
    assert (first["line"], second["line"]) == (GET_LINE, SLEEP_LINE)
    assert first["ms"] == {"cpu": 2.0, "blocking": 5.0, "holding": 0.0, "awaiting": 0.0}
    assert first["requests"] == second["requests"] == 1


def test_stacks_that_differ_only_by_their_note_are_one() -> None:
    seen = looks([("cpu", [frame("report")], 1.0), ("cpu", [frame("report")], 3.0)])
    first, second = seen.stacks
    noted = replace(seen, stacks=(first, replace(second, note="gil")))
    lane = folded(noted)
    (stack,) = lane["stacks"]
    assert (stack["ms"], stack["looks"], stack["requests"]) == (4.0, 2, 2)
    assert "3 ms (75 %) threads were ready to run and waited for the GIL" in " ".join(
        lane["sampler"]["limits"]
    )


def test_nothing_seen_is_nothing_and_no_error() -> None:
    lane = folded(looks([], requests=100))
    assert (lane["requests"], lane["lines"], total_ms(lane["ms"])) == (100, [], 0)
