"""Looks made by hand: a project of two files, and hypothesis strategies for any looks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from dashboard.wire.report.where import STATES, SamplerFacts
from dashboard.wire.traces.looks import LookFrame, Looks, LookStack

VIEWS = """import requests
from time import sleep


def report(request):
    total = 0
    for number in range(1000):
        total += number
    sleep(0.1)
    answer = requests.get("http://127.0.0.1:9/")
    return render(request, answer)
"""
SLEEP_LINE, GET_LINE = 9, 10
SAMPLER: SamplerFacts = {
    "interval_ms": 5.0,
    "cpu_share": 0.012,
    "late_ms_p99": 0.4,
    "late_ms_max": 3.0,
    "looks": 200,
    "processes": 1,
    "limits": [],
}


def frame(
    function: str, path: str = "shop/views.py", line: int = 10, *, call: str = ""
) -> LookFrame:
    """Return a frame; files of shop are the project's."""
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return LookFrame(path, line, function, module, path.startswith("shop/"), call)


def looks(stacks: Sequence[tuple[str, Sequence[LookFrame], float]], **more: Any) -> Looks:
    """Return looks of one request each: state, frames (the outermost first), milliseconds."""
    every = dict.fromkeys(each for _, stack, _ in stacks for each in stack)
    positions = {each: position for position, each in enumerate(every)}
    made = tuple(
        LookStack(
            state=state,  # type: ignore[arg-type]
            frames=tuple(positions[each] for each in stack),
            looks=1,
            ms=ms,
            cpu_ms=ms if state == "cpu" else 0.0,
            requests=frozenset({number}),
        )
        for number, (state, stack, ms) in enumerate(stacks)
    )
    return Looks(0, 10**9, more.pop("requests", len(made)), tuple(positions), made, SAMPLER)


def written(directory: Path) -> Path:
    """Write the project's files; return its directory."""
    (directory / "shop").mkdir()
    (directory / "shop" / "views.py").write_text(VIEWS)
    return directory


names = st.sampled_from(["report", "Report.get", "helper", "<lambda>"])
paths = st.sampled_from(["shop/views.py", "shop/models.py", "requests/api.py", "django/urls.py"])
frames = st.builds(frame, names, paths, st.integers(1, 12))
stacks = st.tuples(st.sampled_from(STATES), st.lists(frames, max_size=6), st.floats(0.001, 500.0))
any_looks = st.lists(stacks, max_size=20).map(looks)
