"""Runs as the templates show them: numbers turned into words, and nothing decided."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.timesince import timesince

from dashboard.analysis.report.report import Report
from dashboard.analysis.samples.window import Stretch
from dashboard.models import ACTIVE, Calibration, Run, Status
from dashboard.runs.planning.prediction import answer
from dashboard.runs.reports.results import lanes_of, measured
from dashboard.runs.reports.wording import (
    instrument_words,
    load_words,
    repeated_words,
    rounds_words,
    sentence,
    short_load,
    warnings,
)
from dashboard.web.charts.evidence import Picture, pictures
from dashboard.web.shared.form_values import how
from dashboard.web.shared.format import milliseconds
from dashboard.wire.plan import Plan, Rate
from dashboard.wire.plural import counted

from .lane_rows import LaneView, rows_of, rows_within
from .run_json import data_of

# The factor of "3.4× faster" and "1.9× as long", but not the end of a range such as 3.1–3.7×.
HEADLINE_FACTOR = re.compile(r"(?<![\d.–])(\d+(?:\.\d+)?×)(?= faster| as long)")
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
    selection: str  # which stretch of each round the table is of; empty: of all
    lanes: list[LaneView]
    data: dict[str, Any]

    @property
    def headline_parts(self) -> list[str]:
        """The first sentence, cut so that every second part is a number that stands out."""
        first, _, _ = self.headline.partition(". ")
        return HEADLINE_FACTOR.split(first.rstrip(".") + ".")

    @property
    def because(self) -> str:
        """What follows on the first sentence: causes, steps, controls."""
        return self.headline.partition(". ")[2]

    @property
    def state_lines(self) -> dict[str, str]:
        """What stands where the sentence will, by state: a run that goes on comes to the next."""
        states = ACTIVE if self.active else (self.status,)
        return {state: STATE_LINES[state] for state in states}

    @property
    def ago(self) -> str:
        """How long since it was fired, in words."""
        return ago(self.created)

    @property
    def active(self) -> bool:
        """Whether it can still be stopped."""
        return self.status in ACTIVE


def view_of(
    run: Run,
    place: int | None = None,
    *,
    so_far: Report | None = None,
    stretch: Stretch | None = None,
) -> RunView:
    """Everything that the page says of a run; `place` is its place in the line, from 1.

    `so_far` is the report of a run that is still on. With a `stretch` the rows of the table are
    of what was done in it, and the sentence is that of the whole run.
    """
    stored = list(run.lanes.all())
    plan = Plan.from_json(run.plan)
    finished = run.report and run.status == Status.FINISHED
    if stretch:
        lanes = rows_within(run, stored, lanes_of(run), stretch)
    else:
        lanes = rows_of(run, stored, run.report or so_far)
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
        headline=_headline(run, so_far),
        guessed=answer(run.guess, run.report) if finished and run.guess else "",
        evidence=pictures(run.report) if measured(run) else [],
        place=place,
        selection=_selection_words(stretch) if stretch else "",
        lanes=lanes,
        data=data_of(run, plan, stored),
    )


def _headline(run: Run, so_far: Report | None) -> str:
    """The sentence of a run that is over, as far as it has whole rounds; else what is known."""
    return sentence(run.report) if measured(run) else _headline_so_far(so_far)


def _headline_so_far(report: Report | None) -> str:
    """What the rounds until now say, with the interval that they have; empty before the first."""
    if not report or not report["verdict"] or not all(one["makespan_s"] for one in report["lanes"]):
        return ""  # while a lane has no whole round there is nothing to compare it by
    said = sentence(report)
    named = said.startswith(tuple(lane["lane"] for lane in report["lanes"]))
    return f"So far, {said if named else said[0].lower() + said[1:]}"


def _selection_words(stretch: Stretch) -> str:
    ends = f"{milliseconds(stretch.from_ms)} and {milliseconds(stretch.to_ms)}"
    return f"Selection: what was done between {ends} of each round"


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
    discarded = (run.report or {}).get("discarded")
    if discarded is None:  # of a run that is on, or older than its reasons
        number = len(run.discarded_rounds)
        repeated = f"{counted(number, 'round')} repeated" if number else ""
    else:
        repeated = repeated_words(discarded)
    return " · ".join(filter(None, [instrument_words(known), repeated]))
