"""A run as the templates show it: numbers formatted, nothing decided."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from django.utils.timesince import timesince

from dashboard.analysis.report.report import Report
from dashboard.analysis.samples.window import Stretch
from dashboard.analysis.text.grouped_warnings import grouped_warnings
from dashboard.models import ACTIVE, Calibration, Run, RunLane, Status
from dashboard.runs.planning.prediction import prediction_outcome
from dashboard.runs.reports.results import lanes_of
from dashboard.runs.reports.stored import measured_report, stored_report
from dashboard.runs.reports.wording import (
    because,
    headline,
    instrument_text,
    load_text,
    repeated_text,
    rounds_text,
    short_load,
    so_far,
    warnings,
)
from dashboard.web.charts.evidence import EvidencePicture, pictures
from dashboard.web.shared.form_values import run_mode
from dashboard.web.shared.format import format_ms
from dashboard.wire.plan.plan import Plan, Rate
from dashboard.wire.plural import counted
from dashboard.wire.report.page_data import RunData
from dashboard.wire.report.report import Calibrated

from .lane_rows import LaneView, medians_differ, rows_of, rows_within
from .mixed_views import MixedViewRow, mixed_view_rows
from .run_json import run_json

# The number of "3.4× faster", "1.9× as long" and "12 % longer", but not the end of a range.
HEADLINE_NUMBER = re.compile(
    r"(?<![\d.–])(\d+(?:\.\d+)?(?:×(?= faster| as long)| %(?= longer| less time)))"
)
NO_VERDICT = "No verdict"
LONG_HEADLINE = 115  # characters; more are one line of a wide screen in smaller type alone
STATE_LINES: Mapping[str, str] = {
    Status.WAITING: "Queued: runs take turns, so that each has the machine to itself.",
    Status.STARTING: "Starting the servers.",
    Status.RUNNING: "Firing.",
    Status.FINISHED: "Finished.",
    Status.STOPPED: "Stopped. The measurements so far are kept.",
    Status.FAILED: "The run failed. The measurements so far are kept.",
    Status.INTERRUPTED: "Interrupted: the process that performed this run ended.",
}
REPLAYING = "Replaying the run, not firing. Its result returns at the end."


def state_word(status: str) -> str:
    """Return a status as pages show it: `waiting` is *queued*."""
    return "queued" if status == Status.WAITING else str(status)


@dataclass(frozen=True)
class RunView:
    """A run on the page."""

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
    rate: bool  # an open load: it has no total time, but a lane can fall behind
    load: str
    rounds: str
    mode: str
    short_load: str
    headline: str
    because: str
    prediction: str
    evidence: list[EvidencePicture]
    place: int | None
    medians_differ: bool  # from what the ratios, which are by rounds, suggest
    selection: str  # the stretch of each round that the table covers; empty: the whole round
    lanes: list[LaneView]
    views: list[MixedViewRow]  # those of a mix
    data: RunData

    @property
    def headline_parts(self) -> list[str]:
        """The headline, split so that every second part is an emphasised number.

        What is not to be trusted has no emphasis.
        """
        if self.headline.startswith(NO_VERDICT):
            return [self.headline]
        return HEADLINE_NUMBER.split(self.headline)

    @property
    def headline_is_long(self) -> bool:
        """True if it needs smaller type to be one line of a wide screen."""
        return len(self.headline) > LONG_HEADLINE

    @property
    def state_lines(self) -> dict[str, str]:
        """The texts shown before there is a sentence, by state; an active run changes state."""
        if self.data.get("replay"):
            return {Status.RUNNING: REPLAYING}
        states = ACTIVE if self.active else (self.status,)
        return {state: STATE_LINES[state] for state in states}

    @property
    def state(self) -> str:
        """The status as pages show it."""
        return "replay" if self.data.get("replay") else state_word(self.status)

    @property
    def has_connections(self) -> bool:
        """True if a lane used a database, whose connections the table shows then."""
        return any(lane.connections for lane in self.lanes)

    @property
    def ago(self) -> str:
        """How long ago the run was created."""
        return ago(self.created)

    @property
    def active(self) -> bool:
        """True if the run can still be stopped."""
        return self.status in ACTIVE


def view_of(
    run: Run,
    place: int | None = None,
    *,
    live_report: Report | None = None,
    stretch: Stretch | None = None,
) -> RunView:
    """Return a run for the templates; `place` is its place in the queue, 0 while it runs.

    `live_report` is the report of an active run. With a `stretch` the table's rows cover only the
    requests finished in it; the sentence is always that of the whole run.
    """
    run_lanes = list(run.lanes.all())
    plan = Plan.from_json(run.plan)
    report = stored_report(run)
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
        **_plan_texts(plan, report),
        **_result_texts(run, live_report),
        place=place,
        medians_differ=report is not None and not stretch and medians_differ(report),
        selection=_selection_text(stretch) if stretch else "",
        lanes=_rows(run, run_lanes, report or live_report, stretch),
        views=mixed_view_rows(report or live_report),
        data=run_json(run, plan, run_lanes),
    )


def _rows(
    run: Run, lanes: Sequence[RunLane], report: Report | None, stretch: Stretch | None
) -> list[LaneView]:
    if stretch:
        return rows_within(run, lanes, lanes_of(run), stretch)
    return rows_of(run, lanes, report)


class _PlanTexts(TypedDict):
    rate: bool
    load: str
    rounds: str
    mode: str
    short_load: str


def _plan_texts(plan: Plan, report: Report | None) -> _PlanTexts:
    return {
        "rate": isinstance(plan.load, Rate),
        "load": load_text(plan.load),
        "rounds": rounds_text(plan, report),
        "mode": run_mode(plan),
        "short_load": short_load(plan.load),
    }


class _ResultTexts(TypedDict):
    warnings: list[str]
    instrument: str
    headline: str
    because: str
    prediction: str
    evidence: list[EvidencePicture]


def _result_texts(run: Run, live_report: Report | None) -> _ResultTexts:
    report = stored_report(run)
    finished = report if run.status == Status.FINISHED else None
    return {
        "warnings": warnings(report) if report else grouped_warnings(run.warnings),
        "instrument": instrument_line(run),
        "headline": _headline(run, live_report),
        "because": because(measured) if (measured := measured_report(run)) else "",
        "prediction": prediction_outcome(run.guess, finished) if finished and run.guess else "",
        "evidence": pictures(measured),
    }


def _headline(run: Run, live_report: Report | None) -> str:
    """Return the headline of a finished run with whole rounds, else the one so far.

    That is empty until each lane has a whole round.
    """
    if report := measured_report(run):
        return headline(report)
    if not live_report or not live_report["verdict"]:
        return ""
    whole = all(lane["makespan_s"] for lane in live_report["lanes"])
    return so_far(live_report) if whole else ""


def _selection_text(stretch: Stretch) -> str:
    ends = f"{format_ms(stretch.from_ms)} and {format_ms(stretch.to_ms)}"
    return f"Selection: requests finished between {ends} of each round"


@dataclass(frozen=True)
class CalibrationView:
    """The load generator's floor and limit, and when they were measured."""

    words: str
    ago: str


def calibration_view(calibration: Calibration) -> CalibrationView:
    """Return a calibration in words."""
    calibrated: Calibrated = {
        "floor_ms": calibration.floor_ms,
        "limit_rps": calibration.limit_rps,
    }
    return CalibrationView(instrument_text(calibrated), ago(calibration.measured))


def ago(moment: datetime) -> str:
    """Return how long ago a moment was: *just now*, *5 minutes ago*."""
    elapsed = timesince(moment).replace("\xa0", " ")
    return "just now" if elapsed.startswith("0 ") else f"{elapsed} ago"


def instrument_line(run: Run) -> str:
    """Return the load generator's floor and limit during the run, and the repeated rounds."""
    calibrated: Calibrated = {"floor_ms": run.floor_ms, "limit_rps": run.limit_rps}
    report = stored_report(run)
    discarded = report.get("discarded") if report else None
    if discarded is None:  # an active run, or one stored before reasons were
        number = len(run.discarded_rounds)
        repeated = f"{counted(number, 'round')} repeated" if number else ""
    else:
        repeated = repeated_text(discarded)
    return " · ".join(filter(None, [instrument_text(calibrated), repeated]))
