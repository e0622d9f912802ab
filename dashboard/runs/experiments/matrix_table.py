"""The answer of a matrix: a cell for each variant at each server, from the runs so far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from dashboard.analysis.report.report import first_look
from dashboard.analysis.samples.cut_off import stopped_text
from dashboard.analysis.text.numbers import compared_with, ends_like, percent, seconds_of
from dashboard.models import Experiment, Run, Status
from dashboard.runs.reports.csv_lines import csv_lines
from dashboard.runs.reports.stored import measured_report
from dashboard.wire.codec import read_json, to_json
from dashboard.wire.experiments.matrix import (
    CellNumbers,
    CellPlace,
    CellState,
    Compared,
    Drift,
    MatrixAnswer,
    MatrixCell,
)
from dashboard.wire.report.report import Report
from dashboard.wire.report.verdict import ComparisonReport, VerdictReport

from .matrix import Cell, Matrix
from .members import DAMAGED, Members, members_of

COMPARED = ("differs", "no-difference", "undecided", "first-look")
COLUMNS = (
    *("variant", "server", "state", "makespan_s", "ratio", "low", "high", "level", "answer"),
    *("p50_ms", "p95_ms", "throughput_rps", "requests", "failed", "theory_s", "run", "why"),
)


def matrix_answer(experiment: Experiment) -> MatrixAnswer:
    """Return the JSON object of a matrix, specified in docs/commands.md."""
    matrix = Matrix.from_json(experiment.question)
    members = members_of(experiment, _check)
    runs = members.runs
    baseline = _baseline(matrix, runs)
    cells = [_cell(cell, members, baseline, experiment) for cell in matrix.cells]
    drift = _drift(runs, baseline)
    return {
        "experiment": experiment.pk,
        "kind": experiment.kind,
        "status": experiment.status,
        "problem": members.problem(experiment),
        "project": experiment.project,
        "scenario": matrix.plan.scenario,
        "load": to_json(matrix.plan.load),
        "rounds": matrix.plan.rounds,
        "seed": matrix.plan.seed,
        "parameters": dict(matrix.plan.parameters),
        "variants": list(matrix.variants),
        "servers": list(matrix.servers),
        "baseline": baseline,
        "cells": cells,
        "drift": drift,
        "runs": [run.pk for run in runs],
        "sentence": _sentence(cells, baseline, drift),
    }


def matrix_csv(answer: MatrixAnswer) -> str:
    """Return one row per cell, with a heading; numbers unrounded, empty if unknown."""
    rows: list[dict[str, object]] = []
    for cell in answer["cells"]:
        low, high = cell["interval"] or (None, None)
        rows.append({**cell, "low": low, "high": high})
    return csv_lines([COLUMNS, *([row.get(name) for name in COLUMNS] for row in rows)])


def _check(run: Run) -> None:
    """Raise an exception unless the run has what cells show of it."""
    report = measured_report(run)
    for position, lane in enumerate(run.plan["lanes"]):
        read_json(str, lane)
        if report:
            read_json(CellNumbers, _numbers(run, report, position))
            read_json(list[float], report["lanes"][position]["makespan_s"])
            read_json(str, why_no_plain_ratio(report, position) or _why_fewer_rounds(run, report))


def _baseline(matrix: Matrix, runs: Sequence[Run]) -> str:
    """Return the baseline of the runs: the question's, unless that could not be fired."""
    finished = [run for run in runs if measured_report(run)]
    return str(finished[0].plan["lanes"][0]) if finished else str(matrix.baseline)


def _cell(cell: Cell, members: Members, baseline: str, experiment: Experiment) -> MatrixCell:
    lane = str(cell.lane)
    with_lane = [run for run in members.runs if lane in run.plan["lanes"]]
    measured = [(run, report) for run in with_lane if (report := measured_report(run))]
    damaged = [key for key, lanes in members.damaged.items() if lane in lanes]
    if damaged and not measured:
        place = _place(cell, "failed", why=DAMAGED)
        return {**place, "run": damaged[-1], **NO_NUMBERS}
    if not measured:
        return {**_not_measured(cell, with_lane, experiment), **NO_NUMBERS}
    # The baseline is in every run: its cell is that of the first.
    run, report = measured[0] if lane == baseline else measured[-1]
    position = run.plan["lanes"].index(lane)
    numbers = _numbers(run, report, position)
    why = why_no_plain_ratio(report, position) or _why_fewer_rounds(run, report)
    return {**_place(cell, "measured", why=why, run=run), **numbers}


def _place(
    cell: Cell, state: CellState, *, why: str = "", log_tail: str = "", run: Run | None = None
) -> CellPlace:
    return {
        "variant": cell.variant,
        "server": cell.server,
        "lane": str(cell.lane),
        "state": state,
        "why": why,
        "log_tail": log_tail,
        "run": run.pk if run else None,
    }


NOT_COMPARED: Compared = {"ratio": None, "interval": None, "level": None, "answer": None}
NO_NUMBERS: CellNumbers = {
    "makespan_s": None,
    **NOT_COMPARED,
    "p50_ms": None,
    "p95_ms": None,
    "throughput_rps": None,
    "requests": None,
    "failed": None,
    "errors": None,
    "theory_s": None,
    "concurrency": None,
    "family": None,
}


def _not_measured(cell: Cell, with_lane: Sequence[Run], experiment: Experiment) -> CellPlace:
    """Return why the cell has no numbers, and the run to look at."""
    if cell.refusal:
        return _place(cell, "refused", why=cell.refusal)
    last = with_lane[-1] if with_lane else None
    if last is not None and last.active:
        return _place(cell, "running", run=last)
    if last is not None and last.status == Status.FAILED and not experiment.active:
        return _place(cell, "failed", why=last.problem, log_tail=last.log_tail, run=last)
    if experiment.active:
        return _place(cell, "waiting")
    return _place(cell, "not-fired", why=f"the experiment is {experiment.status}")


def _numbers(run: Run, report: Report, position: int) -> CellNumbers:
    lane = report["lanes"][position]
    stored = list(run.lanes.all())[position]
    return {
        "makespan_s": median(lane["makespan_s"]) if lane["makespan_s"] else None,
        **_compared(report, position),
        "p50_ms": lane["latency_ms"]["p50"],
        "p95_ms": lane["latency_ms"]["p95"],
        "throughput_rps": lane["throughput_rps"],
        "requests": lane["requests"],
        "failed": lane["requests"] - lane["ok"],
        "errors": lane["errors"],
        "theory_s": lane["theory"]["promised_s"] if lane["theory"] else None,
        "concurrency": stored.concurrency,
        "family": stored.family,
    }


def _compared(report: Report, position: int) -> Compared:
    """Return the comparison with the baseline; the baseline's own ratio is 1 by definition."""
    if position == 0:
        return {**NOT_COMPARED, "ratio": first_look(report)[0] and 1.0, "answer": "baseline"}
    comparison = comparison_at(report, position)
    if comparison is None:
        return NOT_COMPARED
    return {
        "ratio": comparison["ratio"],
        "interval": comparison["interval"],
        "level": comparison["level"],
        "answer": comparison["answer"],
    }


def comparison_at(report: Report, position: int) -> ComparisonReport | None:
    """Return how the lane at a position compares with the baseline; None if it was not compared."""
    lane, verdict = report["lanes"][position]["lane"], report["verdict"]
    comparisons = verdict["comparisons"] if verdict else []
    return next((each for each in comparisons if each["lane"] == lane), None)


def _why_fewer_rounds(run: Run, report: Report) -> str:
    """Return why a cell has fewer rounds than the plan; empty if it has them all."""
    return "" if run.status == Status.FINISHED else stopped_text(report)


def why_no_plain_ratio(report: Report, position: int) -> str:
    """Return why a measured cell has no ratio, or a qualified one; empty if it is a plain one."""
    verdict, comparison = report["verdict"], comparison_at(report, position)
    return _caveat(verdict, comparison) if verdict and comparison else ""


def _caveat(verdict: VerdictReport, comparison: ComparisonReport) -> str:
    disturbed, answer = verdict.get("disturbed"), comparison["answer"]
    reason = disturbed["reason"] if disturbed else ""
    if answer in COMPARED:
        words = "Disturbed, so its interval is that of the worst case."
        return f"{words} {reason}" if disturbed else ""
    if answer == "errors":
        return "More than 1 % of the requests failed, here or in the baseline."
    if answer == "not-trusted":
        return f"Not to be trusted. {verdict['spoiled'] or reason}"
    return f"Not compared: {answer}."


def _drift(runs: Sequence[Run], baseline: str) -> Drift | None:
    """Return how much the baseline's median total time differed between runs; None for one run."""
    lanes = [report["lanes"][0] for run in runs if (report := measured_report(run))]
    medians = [
        median(lane["makespan_s"])
        for lane in lanes
        if lane["lane"] == baseline and lane["makespan_s"]
    ]
    if len(medians) < 2:
        return None
    return {"makespan_s": medians, "largest": max(medians) / min(medians) - 1}


def _sentence(cells: Sequence[MatrixCell], baseline: str, drift: Drift | None) -> str:
    return " ".join([*_extremes(cells, baseline), *_drift_sentence(drift)])


def _extremes(cells: Sequence[MatrixCell], baseline: str) -> Iterator[str]:
    trusted = [cell for cell in cells if cell["ratio"] and cell["answer"] != "not-trusted"]
    ranked = sorted(trusted, key=lambda cell: cell["ratio"] or 0)
    if len(ranked) < 2:
        return
    for word, cell in (("Fastest", ranked[0]), ("Slowest", ranked[-1])):
        ratio, total_s = cell["ratio"], cell["makespan_s"]
        words = cell["lane"] if total_s is None else f"{cell['lane']} in {seconds_of(total_s)}"
        if cell["lane"] == baseline or ratio is None or ratio == 1:
            yield f"{word}: {words}."
        else:
            yield f"{word}: {words}, {compared_with(ratio, baseline)}{_interval(cell)}."


def _interval(cell: MatrixCell) -> str:
    if cell["answer"] == "first-look":
        return " (first look)"
    if not cell["interval"] or cell["level"] is None:
        return ""
    return f" ({percent(cell['level'])}: {ends_like(cell['ratio'] or 1, *cell['interval'])})"


def _drift_sentence(drift: Drift | None) -> Iterator[str]:
    if drift:
        largest_percent = 100 * drift["largest"]
        yield f"The baseline is in every run; it differed by at most {largest_percent:.1f} %."
