"""Runs as the templates show them: numbers turned into words, and nothing decided."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.timesince import timesince

from dashboard.analysis.report import first_look
from dashboard.analysis.stats import neighbours_wait_ms
from dashboard.models import Calibration, Run, RunLane, Status
from dashboard.runs.guessing import answer
from dashboard.runs.planning import theory_s
from dashboard.runs.wording import (
    instrument_words,
    keeps_up,
    load_words,
    per_second,
    rounds_words,
    sentence,
    short_load,
    warnings,
)
from dashboard.wire.plan import TWIN, Load, Plan, Rate

from .evidence import Picture, pictures
from .forms import how

LETTERS = "ABCDEF"
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
    achieved: str = ""
    ratio: str = ""
    p50: str = ""
    p95: str = ""
    service_p95: str = ""
    errors: str = ""
    neighbour: str = ""
    peak_threads: str = ""
    rss: str = ""
    cpu_per_request: str = ""
    command: str = ""
    xray_url: str = ""


@dataclass(frozen=True)
class RunView:
    """One run on the page."""

    id: str
    name: str
    pinned: bool
    status: str
    scenario: str
    title: str
    created: datetime
    problem: str
    log_tail: str
    warnings: list[str]
    instrument: str
    rate: bool  # an open load: it has no makespan, but may be more than a lane can do
    load: str
    rounds: str
    how: str
    short_load: str
    headline: str
    guessed: str
    evidence: list[Picture]
    place: int | None
    lanes: list[LaneView]
    data: dict[str, Any]

    @property
    def headline_parts(self) -> list[str]:
        """The first sentence, cut so that every second part is a number that stands out."""
        first, _, _ = self.headline.partition(". ")
        return re.split(r"(\d+\.\d+ times)", first.rstrip(".") + ".")

    @property
    def because(self) -> str:
        """What follows on the first sentence: causes, steps, controls."""
        return self.headline.partition(". ")[2]

    @property
    def state_line(self) -> str:
        """What stands where the sentence will."""
        return STATE_LINES[self.status]

    @property
    def ago(self) -> str:
        """How long since it was fired, in words."""
        return ago(self.created)

    @property
    def active(self) -> bool:
        """Whether it can still be stopped."""
        return self.status in (Status.WAITING, Status.STARTING, Status.RUNNING)


def view_of(run: Run, place: int | None = None) -> RunView:
    """Everything that the page says of a run; `place` is its place in the line, from 1."""
    stored = list(run.lanes.all())
    plan = Plan.from_json(run.plan)
    finished = run.report and run.status == Status.FINISHED
    return RunView(
        id=run.pk,
        name=run.name,
        pinned=run.pinned,
        status=run.status,
        scenario=run.plan["scenario"],
        title=run.title,
        created=run.created,
        problem=run.problem,
        log_tail=run.log_tail,
        warnings=warnings(run.report) if run.report else list(run.warnings),
        instrument=instrument_line(run),
        rate=isinstance(plan.load, Rate),
        load=load_words(plan.load),
        rounds=rounds_words(plan),
        how=how(plan),
        short_load=short_load(plan.load),
        headline=sentence(run.report) if finished else "",
        guessed=answer(run.guess, run.report) if finished and run.guess else "",
        evidence=pictures(run.report) if finished else [],
        place=place,
        lanes=_lanes(run, stored),
        data=_data(run, plan, stored),
    )


@dataclass(frozen=True)
class CalibrationView:
    """What the engine can do by its own measure, and since when that is known."""

    words: str
    ago: str


def calibration_view(found: Calibration) -> CalibrationView:
    """A calibration in words."""
    known = {"floor_ms": found.floor_ms, "limit_rps": found.limit_rps}
    return CalibrationView(instrument_words(known), ago(found.measured))


def ago(moment: datetime) -> str:
    """How long ago, in words."""
    passed = timesince(moment).replace("\xa0", " ")
    return "just now" if passed.startswith("0 ") else f"{passed} ago"


def instrument_line(run: Run) -> str:
    """What the engine could do at the time, and how often it or the host got in the way."""
    known = {"floor_ms": run.floor_ms, "limit_rps": run.limit_rps}
    repeated = len(run.discarded_rounds)
    rounds = "1 round" if repeated == 1 else f"{repeated} rounds"
    stolen = f"{rounds} repeated, since the host took CPU time away" if repeated else ""
    return " · ".join(filter(None, [instrument_words(known), stolen]))


def _lanes(run: Run, stored: list[RunLane]) -> list[LaneView]:
    reports = run.report["lanes"] if run.report else [None] * len(stored)
    compared = first_look(run.report) if run.report else [None] * len(stored)
    return [
        _lane(run, lane, report, ratio)
        for lane, report, ratio in zip(stored, reports, compared, strict=True)
    ]


def _lane(
    run: Run, lane: RunLane, report: Mapping[str, Any] | None, ratio: float | None
) -> LaneView:
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
        xray_url=_xray_url(run, lane),
        **_numbers(report, ratio) if report else {},
    )


def _xray_url(run: Run, lane: RunLane) -> str:
    """Where one request of the lane is seen through; nowhere for a server that is not ours."""
    if lane.facts.get("probe") is False:
        return ""
    parameters = {f"parameter_{name}": value for name, value in run.plan["parameters"].items()}
    asked = {"scenario": run.plan["scenario"], "lane": lane.name.removesuffix(TWIN), **parameters}
    return f"{reverse('xray')}?{urlencode(asked)}"


def _numbers(report: Mapping[str, Any], ratio: float | None) -> dict[str, str]:
    latency, side = report["latency_ms"], report["server_side"]
    failed = sum(report["errors"].values())
    own = keeps_up(report)  # else its percentiles say how long the rate lasted, and no more
    rate = report.get("rate")
    return {
        "requests": f"{report['requests']:,}",
        "makespan": seconds(median(report["makespan_s"])) if report["makespan_s"] else "–",
        "achieved": per_second(rate["achieved_rps"]) if rate else "–",
        "ratio": "–" if ratio is None else f"{ratio:.2f}×",
        "p50": milliseconds(latency["p50"]) if own else "–",
        "p95": milliseconds(latency["p95"]) if own else "–",
        "service_p95": milliseconds(report["service_ms"]["p95"]) if own else "–",
        "errors": f"✕ {failed:,} ({', '.join(report['errors'])})" if failed else "0",
        "neighbour": milliseconds(neighbours_wait_ms(report)),
        "peak_threads": _plain(side["peak_threads"], "{:,}"),
        "rss": _plain(side["peak_rss_mb"], "{:,.0f} MB"),
        "cpu_per_request": _plain(side["cpu_ms_per_request"], "{:.2f} ms"),
    }


def _data(run: Run, plan: Plan, lanes: list[RunLane]) -> dict[str, Any]:
    """What the page's JavaScript knows of the run before the first frame comes."""
    load = plan.load
    return {
        "id": run.pk,
        "status": run.status,
        "scenario": plan.scenario,
        "lanes": [
            {
                "name": lane.name,
                "variant": lane.name.partition("@")[0],
                "server": lane.name.partition("@")[2],
                "family": lane.family,
                "letter": LETTERS[lane.position],
                "concurrency": lane.concurrency,
                **_mark(load, theory_s(load, lane.capacity, run.wait_s)),
            }
            for lane in lanes
        ],
        "load": load_words(load),
        "requests": load.requests,
        "duration_s": load.duration_s if isinstance(load, Rate) else None,
        "rounds": plan.rounds,
        "discarded_rounds": run.discarded_rounds,
        "timeout_s": plan.timeout_s,
        "frames_url": reverse("frames", args=[run.pk]),
        "result_url": reverse("result", args=[run.pk]),
        "stop_url": reverse("stop", args=[run.pk]),
    }


def _mark(load: Load, by_theory_s: float | None) -> dict[str, Any]:
    """The dashed line in a waterfall: where theory sees the burst's end, or where a rate ends."""
    if isinstance(load, Rate):
        return {"mark_s": load.duration_s, "mark": "the rate ends"}
    return {"mark_s": by_theory_s, "mark": f"theory {seconds(by_theory_s)}"}


def empty_data(lanes: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """A run that never was, of lanes by name and family: for the axes of the empty bench."""
    return {
        "id": "",
        "status": "empty",
        "lanes": [
            {"name": name, "family": family, "letter": letter, "mark_s": None, "mark": ""}
            for (name, family), letter in zip(lanes, LETTERS, strict=False)
        ],
        "load": "",
        "requests": 100,
        "duration_s": None,
        "rounds": 1,
        "discarded_rounds": [],
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
