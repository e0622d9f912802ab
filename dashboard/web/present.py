"""Runs as the templates show them: numbers turned into words, and nothing decided."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from django.urls import reverse
from django.utils.timesince import timesince

from dashboard.analysis.report import first_look
from dashboard.models import Run, RunLane, Status

LETTERS = "ABCDEF"
ABOUT_THE_SAME = 1.05  # would read as 1.0 times
STATE_LINES: Mapping[str, str] = {
    Status.WAITING: "Waiting in line: one run at a time has the machine to itself.",
    Status.STARTING: "Starting the servers.",
    Status.RUNNING: "Firing.",
    Status.FINISHED: "Finished.",
    Status.STOPPED: "Stopped. What was measured until then is kept.",
    Status.FAILED: "The run failed. What was measured until then is kept.",
    Status.INTERRUPTED: "Interrupted: the process that performed this run ended.",
}


@dataclass(frozen=True)
class LaneView:
    """A row of the table. Texts are empty where there is nothing to say yet."""

    position: int
    name: str
    variant: str
    server: str
    family: str
    letter: str
    concurrency: str
    requests: str = ""
    makespan: str = ""
    ratio: str = ""
    p50: str = ""
    p95: str = ""
    errors: str = ""
    peak_threads: str = ""
    rss: str = ""
    cpu_per_request: str = ""
    command: str = ""


@dataclass(frozen=True)
class RunView:
    """One run on the page."""

    id: str
    status: str
    scenario: str
    title: str
    created: datetime
    problem: str
    log_tail: str
    warnings: list[str]
    headline: str
    place: int | None
    lanes: list[LaneView]
    data: dict[str, Any]

    @property
    def headline_parts(self) -> list[str]:
        """The sentence cut at its numbers: every second part is one, and is shown large."""
        return re.split(r"(\d+\.\d+ times)", self.headline)

    @property
    def state_line(self) -> str:
        """What stands where the sentence will."""
        return STATE_LINES[self.status]

    @property
    def ago(self) -> str:
        """How long since it was fired, in words."""
        passed = timesince(self.created).replace("\xa0", " ")
        return "just now" if passed.startswith("0 ") else f"{passed} ago"

    @property
    def active(self) -> bool:
        """Whether it can still be stopped."""
        return self.status in (Status.WAITING, Status.STARTING, Status.RUNNING)


def view_of(run: Run, place: int | None = None) -> RunView:
    """Everything that the page says of a run; `place` is its place in the line, from 1."""
    stored = list(run.lanes.all())
    lanes = _lanes(run, stored)
    return RunView(
        id=run.pk,
        status=run.status,
        scenario=run.plan["scenario"],
        title=run.title,
        created=run.created,
        problem=run.problem,
        log_tail=run.log_tail,
        warnings=run.warnings,
        headline=_headline(run, lanes),
        place=place,
        lanes=lanes,
        data=_data(run, stored),
    )


def _lanes(run: Run, stored: list[RunLane]) -> list[LaneView]:
    reports = run.report["lanes"] if run.report else [None] * len(stored)
    ratios = first_look(run.report) if run.report else [None] * len(stored)
    return [
        _lane(lane, report, ratio)
        for lane, report, ratio in zip(stored, reports, ratios, strict=True)
    ]


def _lane(lane: RunLane, report: Mapping[str, Any] | None, ratio: float | None) -> LaneView:
    variant, _, server = lane.name.partition("@")
    return LaneView(
        position=lane.position,
        name=lane.name,
        variant=variant,
        server=server,
        family=lane.family,
        letter=LETTERS[lane.position],
        concurrency=lane.concurrency,
        command=" ".join(lane.facts.get("command", [])),
        **_numbers(report, ratio) if report else {},
    )


def _numbers(report: Mapping[str, Any], ratio: float | None) -> dict[str, str]:
    latency, side = report["latency_ms"], report["server_side"]
    failed = sum(report["errors"].values())
    return {
        "requests": f"{report['requests']:,}",
        "makespan": seconds(median(report["makespan_s"])) if report["makespan_s"] else "–",
        "ratio": "–" if ratio is None else f"{ratio:.2f}×",
        "p50": milliseconds(latency["p50"]),
        "p95": milliseconds(latency["p95"]),
        "errors": f"✕ {failed:,} ({', '.join(report['errors'])})" if failed else "0",
        "peak_threads": _plain(side["peak_threads"], "{:,}"),
        "rss": _plain(side["peak_rss_mb"], "{:,.0f} MB"),
        "cpu_per_request": _plain(side["cpu_ms_per_request"], "{:.2f} ms"),
    }


def _headline(run: Run, lanes: list[LaneView]) -> str:
    """What the medians say, and no more: an interval and a cause are the verdict's to give."""
    if run.status != Status.FINISHED or not run.report or len(lanes) < 2:
        return ""
    ratios = {lane.name: ratio for lane, ratio in zip(lanes, first_look(run.report), strict=True)}
    if None in ratios.values():
        return "Requests failed, so there is nothing to compare; the table names the errors."
    baseline, *others = ratios
    said = (_compared(name, ratios[name]) for name in others)
    return f"A first look, next to {baseline}: {'; '.join(text for text in said if text)}."


def _compared(name: str, ratio: float | None) -> str:
    if not ratio:
        return ""
    times = 1 / ratio if ratio < 1 else ratio
    if times < ABOUT_THE_SAME:
        return f"{name} finished the burst about as soon"
    return f"{name} finished the burst {times:.1f} times {'sooner' if ratio < 1 else 'later'}"


def _data(run: Run, lanes: list[RunLane]) -> dict[str, Any]:
    """What the page's JavaScript knows of the run before the first frame comes."""
    load = run.plan["load"]
    return {
        "id": run.pk,
        "status": run.status,
        "scenario": run.plan["scenario"],
        "lanes": [
            {
                "name": lane.name,
                "variant": lane.name.partition("@")[0],
                "server": lane.name.partition("@")[2],
                "family": lane.family,
                "letter": LETTERS[lane.position],
                "concurrency": lane.concurrency,
                "k": lane.capacity,
            }
            for lane in lanes
        ],
        "requests": load["requests"],
        "concurrency": load["concurrency"],
        "rounds": run.plan["rounds"],
        "wait_s": run.wait_s,
        "timeout_s": run.plan["timeout_s"],
        "frames_url": reverse("frames", args=[run.pk]),
        "result_url": reverse("result", args=[run.pk]),
        "stop_url": reverse("stop", args=[run.pk]),
    }


def seconds(value_s: float | None) -> str:
    """A length of time as a person reads it, with three digits that count."""
    if value_s is None:
        return "–"
    return milliseconds(value_s * 1000) if value_s < 1 else f"{value_s:.2f} s"


def roughly(value_s: float) -> str:
    """An estimate, which has no digits to spare: 0.3 s, 4.5 s, 38 s, 5 min."""
    if value_s >= 120:
        return f"{value_s / 60:.0f} min"
    return f"{value_s:.0f} s" if value_s >= 10 else f"{value_s:.1f} s"


def milliseconds(value_ms: float | None) -> str:
    """Likewise, from milliseconds."""
    if value_ms is None:
        return "–"
    if value_ms >= 1000:
        return f"{value_ms / 1000:.2f} s"
    return f"{value_ms:.0f} ms" if value_ms >= 100 else f"{value_ms:.1f} ms"


def _plain(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)
