"""The answer of a matrix: a cell for each variant at each server, from the runs so far."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from dashboard.analysis.report.report import first_look
from dashboard.analysis.samples.cut_off import stopped_text
from dashboard.analysis.text.numbers import compared_with, percent, seconds_of
from dashboard.models import Experiment, Run, Status
from dashboard.runs.reports.results import measured

from .matrix import Cell, Matrix

COMPARED = ("differs", "no-difference", "undecided", "first-look")
COLUMNS = (
    *("variant", "server", "state", "makespan_s", "ratio", "low", "high", "level", "answer"),
    *("p50_ms", "p95_ms", "throughput_rps", "requests", "failed", "theory_s", "run", "why"),
)
Answer = dict[str, Any]


def matrix_answer(experiment: Experiment) -> Answer:
    """Return the JSON object of a matrix, specified in docs/commands.md."""
    matrix = Matrix.from_json(experiment.question)
    runs = list(experiment.runs.order_by("position").prefetch_related("lanes"))
    baseline = _baseline(matrix, runs)
    cells = [_cell(cell, runs, baseline, experiment) for cell in matrix.cells]
    drift = _drift(runs, baseline)
    return {
        "experiment": experiment.pk,
        "kind": experiment.kind,
        "status": experiment.status,
        "problem": experiment.problem,
        "project": experiment.project,
        "scenario": matrix.plan.scenario,
        "load": matrix.plan.to_json()["load"],
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


def matrix_csv(answer: Mapping[str, Any]) -> str:
    """Return one row per cell, with a heading; numbers unrounded, empty if unknown."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore")
    writer.writeheader()
    for cell in answer["cells"]:
        low, high = cell["interval"] or (None, None)
        writer.writerow({**cell, "low": low, "high": high})
    return text.getvalue()


def _baseline(matrix: Matrix, runs: Sequence[Run]) -> str:
    """Return the baseline of the runs: the question's, unless that could not be fired."""
    finished = [run for run in runs if measured(run)]
    return str(finished[0].plan["lanes"][0]) if finished else str(matrix.baseline)


def _cell(cell: Cell, runs: Sequence[Run], baseline: str, experiment: Experiment) -> Answer:
    lane = str(cell.lane)
    with_lane = [run for run in runs if lane in run.plan["lanes"]]
    finished = [run for run in with_lane if measured(run)]
    # The baseline is in every run: its cell is that of the first.
    run = next(iter(finished if lane == baseline else reversed(finished)), None)
    answer: Answer = {
        "variant": cell.variant,
        "server": cell.server,
        "lane": lane,
        "state": "measured",
        "why": "",
        "log_tail": "",
        "run": run.pk if run else None,
    }
    if run is None:
        return {**answer, **_not_measured(cell, with_lane, experiment), **NO_NUMBERS}
    numbers = _numbers(run, run.plan["lanes"].index(lane))
    return {**answer, **numbers, "why": numbers.get("why") or _why_fewer_rounds(run)}


NO_NUMBERS: Mapping[str, Any] = dict.fromkeys(
    (
        *("makespan_s", "ratio", "interval", "level", "answer", "p50_ms", "p95_ms"),
        *("throughput_rps", "requests", "failed", "errors", "theory_s", "concurrency", "family"),
    )
)


def _not_measured(cell: Cell, with_lane: Sequence[Run], experiment: Experiment) -> Answer:
    """Return why the cell has no numbers, and the run to look at."""
    if cell.refusal:
        return {"state": "refused", "why": cell.refusal}
    last = with_lane[-1] if with_lane else None
    if last is not None and last.active:
        return {"state": "running", "run": last.pk}
    if last is not None and last.status == Status.FAILED and not experiment.active:
        failed = {"why": last.problem, "log_tail": last.log_tail}
        return {"state": "failed", **failed, "run": last.pk}
    if experiment.active:
        return {"state": "waiting"}
    return {"state": "not-fired", "why": f"the experiment is {experiment.status}"}


def _numbers(run: Run, position: int) -> Answer:
    report = run.report
    lane = report["lanes"][position]
    compared = _compared(report, lane["lane"])
    stored = list(run.lanes.all())[position]
    return {
        "makespan_s": median(lane["makespan_s"]) if lane["makespan_s"] else None,
        **compared,
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


def _compared(report: Any, lane: str) -> Answer:
    """Return the comparison with the baseline; the baseline's own ratio is 1 by definition."""
    none: Answer = {"ratio": None, "interval": None, "level": None, "answer": None}
    if lane == report["lanes"][0]["lane"]:
        return {**none, "ratio": first_look(report)[0] and 1.0, "answer": "baseline"}
    comparison = next(item for item in report["verdict"]["comparisons"] if item["lane"] == lane)
    return {**{name: comparison[name] for name in none}, "why": _caveat(report, comparison)}


def _why_fewer_rounds(run: Run) -> str:
    """Return why a cell has fewer rounds than the plan; empty if it has them all."""
    return "" if run.status == Status.FINISHED else stopped_text(run.report)


def _caveat(report: Answer, comparison: Mapping[str, Any]) -> str:
    """Return why a measured cell has no ratio, or a qualified one; empty if it is a plain one."""
    disturbed, answer = report["verdict"].get("disturbed"), comparison["answer"]
    if answer in COMPARED:
        words = "Disturbed, so its interval is that of the worst case."
        return f"{words} {disturbed['reason']}" if disturbed else ""
    if answer == "errors":
        return "More than 1 % of the requests failed, here or in the baseline."
    if answer == "not-trusted":
        return f"Not to be trusted. {report['verdict']['spoiled'] or disturbed['reason']}"
    return f"Not compared: {answer}."


def _drift(runs: Sequence[Run], baseline: str) -> Answer | None:
    """Return how much the baseline's median total time differed between runs; None for one run."""
    finished = [run for run in runs if measured(run)]
    lanes = [run.report["lanes"][0] for run in finished]
    medians = [
        median(lane["makespan_s"])
        for lane in lanes
        if lane["lane"] == baseline and lane["makespan_s"]
    ]
    if len(medians) < 2:
        return None
    return {"makespan_s": medians, "largest": max(medians) / min(medians) - 1}


def _sentence(cells: Sequence[Answer], baseline: str, drift: Answer | None) -> str:
    return " ".join([*_extremes(cells, baseline), *_drift_sentence(drift)])


def _extremes(cells: Sequence[Answer], baseline: str) -> Iterator[str]:
    trusted = (cell for cell in cells if cell["ratio"] and cell["answer"] != "not-trusted")
    ranked = sorted(trusted, key=lambda cell: cell["ratio"])
    if len(ranked) < 2:
        return
    for word, cell in (("Fastest", ranked[0]), ("Slowest", ranked[-1])):
        words = f"{cell['lane']} in {seconds_of(cell['makespan_s'])}"
        if cell["lane"] == baseline or cell["ratio"] == 1:
            yield f"{word}: {words}."
        else:
            yield f"{word}: {words}, {compared_with(cell['ratio'], baseline)}{_interval(cell)}."


def _interval(cell: Answer) -> str:
    if cell["answer"] == "first-look":
        return " (first look)"
    if not cell["interval"]:
        return ""
    low, high = cell["interval"]
    return f" ({percent(cell['level'])}: {low:.3g}–{high:.3g}× as long)"


def _drift_sentence(drift: Answer | None) -> Iterator[str]:
    if drift:
        largest_percent = 100 * drift["largest"]
        yield f"The baseline is in every run; it differed by at most {largest_percent:.1f} %."
