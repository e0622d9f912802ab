"""The answer of a mix: each view at each lane, in the mix, alone and without each other view."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np

from dashboard.analysis.inference.comparison import compare
from dashboard.analysis.samples.bystander import bystander_wait_ms
from dashboard.analysis.samples.failure_limit import MAX_FAILED_SHARE
from dashboard.analysis.samples.rounds import log_ratios
from dashboard.analysis.text.mix import mix_sentence
from dashboard.models import Experiment, Run
from dashboard.runs.reports.csv_lines import csv_lines
from dashboard.runs.reports.stored import measured_report
from dashboard.wire.codec import read_json, to_json
from dashboard.wire.experiments.mix import MixAnswer, MixedViewAnswer, MixLane, Slowdown
from dashboard.wire.report.report import Report
from dashboard.wire.report.verdict import Answer

from .members import members_of
from .mix import ALONE, MIXED, WITHOUT, MixExperiment

COLUMNS = (
    *("view", "lane", "share", "requests", "failed", "p95_ms", "without", "other_p95_ms"),
    *("answer", "ratio", "low", "high", "level", "blocks"),
)
ByBlock = dict[int, float]


@dataclass
class _Measured:
    """The p95 of a view at a lane by block, in one kind of run; `failed` of `requests`."""

    p95_ms: ByBlock = field(default_factory=dict)
    bystander_ms: ByBlock = field(default_factory=dict)
    requests: int = 0
    failed: int = 0
    disturbed: bool = False  # in at least one block

    @property
    def refusal(self) -> Answer | None:
        """Why it is not compared; None if it is."""
        if self.failed > MAX_FAILED_SHARE * self.requests:
            return "errors"
        return "not-trusted" if self.disturbed and not self.p95_ms else None


# By label of the run (without its block), view and position of the lane.
Measurements = defaultdict[tuple[str, str, int], _Measured]


def mix_answer(experiment: Experiment) -> MixAnswer:
    """Return the JSON object of a mix, specified in docs/commands.md."""
    question = MixExperiment.from_json(experiment.question)
    members = members_of(experiment, _check)
    measurements, keeps_up = _measurements(members.runs)
    answer: MixAnswer = {
        "experiment": experiment.pk,
        "kind": experiment.kind,
        "status": experiment.status,
        "problem": members.problem(experiment),
        "project": experiment.project,
        "scenario": question.plan.scenario,
        "load": to_json(question.plan.load),
        "blocks": question.blocks,
        "seed": question.plan.seed,
        "views": list(question.plan.mix),
        "lanes": [
            _lane(question, measurements, keeps_up, position)
            for position in range(len(question.plan.lanes))
        ],
        "cells": list(_cells(question, measurements)),
        "runs": [run.pk for run in members.runs],
        "disturbed": [
            run.pk
            for run in members.runs
            if (report := measured_report(run)) and _disturbed(report)
        ],
        "sentence": "",
    }
    answer["sentence"] = mix_sentence(answer)
    return answer


def mix_csv(answer: MixAnswer) -> str:
    """Return a row for each view, lane and comparison; numbers unrounded, empty if unknown."""
    rows: list[dict[str, object]] = []
    for cell in answer["cells"]:
        for slowdown in cell["slowdowns"]:
            low, high = slowdown["interval"] or (None, None)
            other = {"other_p95_ms": slowdown["p95_ms"], "low": low, "high": high}
            without = slowdown["without"] or "all others"
            rows.append({**slowdown, **cell, **other, "without": without})
    return csv_lines([COLUMNS, *([row.get(name) for name in COLUMNS] for row in rows)])


def _check(run: Run) -> None:
    """Raise an exception unless the run has what the answer needs of it."""
    if report := measured_report(run):
        _, label = _block_and_label(run)
        _disturbed(report)
        for view, _, *numbers in _numbers(report, label):
            read_json(str, view)
            read_json(tuple[int, int, float | None], numbers)
        for lane in report["lanes"]:
            read_json(float | None, bystander_wait_ms(lane))
            read_json(bool | None, lane["rate"] and lane["rate"]["keeps_up"])


def _block_and_label(run: Run) -> tuple[int, str]:
    block, _, label = run.label.partition(": ")
    return int(block), label


def _measurements(runs: Sequence[Run]) -> tuple[Measurements, dict[int, list[bool]]]:
    """Return what was measured, and whether each lane kept up with the mix's rate, by block."""
    measurements: Measurements = defaultdict(_Measured)
    keeps_up: dict[int, list[bool]] = defaultdict(list)
    for run in runs:
        report = measured_report(run)
        if report is None:
            continue
        block, label = _block_and_label(run)
        _add_views(measurements, report, block, label)
        if _disturbed(report):
            continue
        for position, lane in enumerate(report["lanes"]):
            wait_ms = bystander_wait_ms(lane)
            if wait_ms is not None:
                measurements[label, "", position].bystander_ms[block] = wait_ms
            rate = lane["rate"]
            if label == MIXED and rate and rate["keeps_up"] is not None:
                keeps_up[position].append(rate["keeps_up"])
    return measurements, keeps_up


def _add_views(measurements: Measurements, report: Report, block: int, label: str) -> None:
    """Add the numbers of the views in a run; of a disturbed one only how many requests failed."""
    disturbed = _disturbed(report)
    for view, position, requests, failed, p95_ms in _numbers(report, label):
        measured = measurements[label, view, position]
        measured.requests += requests
        measured.failed += failed
        measured.disturbed |= disturbed
        if p95_ms is not None and not disturbed:
            measured.p95_ms[block] = p95_ms


def _disturbed(report: Report) -> bool:
    """Return whether the load generator was at its limit, and may be what was measured."""
    instrument = report["instrument"]
    return bool(instrument and instrument["saturated"])


def _numbers(report: Report, label: str) -> Iterator[tuple[str, int, int, int, float | None]]:
    """Yield view, position of the lane, requests, failures and p95 of each view in a run."""
    if label.startswith(ALONE):
        view = label.removeprefix(ALONE).strip()
        for position, lane in enumerate(report["lanes"]):
            p95s_ms = lane["response_p95_ms"]
            yield (
                view,
                position,
                lane["requests"],
                lane["requests"] - lane["ok"],
                p95s_ms[0] if p95s_ms else None,
            )
        return
    for each in report.get("mixed_views", ()):
        for position, part in enumerate(each["lanes"]):
            p95s_ms = part["response_p95_ms"]
            failed = part["requests"] - part["ok"]
            p95_ms = p95s_ms[0] if p95s_ms else None
            yield each["view"], position, part["requests"], failed, p95_ms


def _lane(
    question: MixExperiment,
    measurements: Measurements,
    keeps_up: Mapping[int, Sequence[bool]],
    position: int,
) -> MixLane:
    lane, known = question.plan.lanes[position], keeps_up.get(position)
    return {
        "lane": str(lane),
        "server": lane.server,
        "bystander_p95_ms": _median(measurements[MIXED, "", position].bystander_ms),
        "keeps_up": sum(known) * 2 > len(known) if known else None,
    }


def _cells(question: MixExperiment, measurements: Measurements) -> Iterator[MixedViewAnswer]:
    plan, total = question.plan, sum(question.plan.mix.values())
    pairs = [(view, position) for view in plan.mix for position in range(len(plan.lanes))]
    against = [None, *(plan.mix if question.leave_out and len(plan.mix) > 1 else ())]
    slowdowns = _compared(
        [
            (measurements[_label(other, view), view, position], measurements[MIXED, view, position])
            for view, position in pairs
            for other in against
        ]
    )
    baselines = _compared(
        [
            (measurements[MIXED, view, 0], measurements[MIXED, view, position])
            for view, position in pairs
        ]
    )
    for at, (view, position) in enumerate(pairs):
        measured = measurements[MIXED, view, position]
        own = slowdowns[at * len(against) : (at + 1) * len(against)]
        alone = measurements[f"{ALONE} {view}", "", position]
        yield {
            "view": view,
            "share": plan.mix[view] / total,
            "lane": str(plan.lanes[position]),
            "requests": measured.requests,
            "failed": measured.failed,
            "p95_ms": _median(measured.p95_ms),
            "bystander_p95_ms": _median(alone.bystander_ms),
            "slowdowns": [
                {**slowdown, "without": other}
                for slowdown, other in zip(own, against, strict=True)
                if other != view
            ],
            "compared": baselines[at] if position else None,
        }


def _label(other: str | None, view: str) -> str:
    return f"{ALONE} {view}" if other is None else f"{WITHOUT} {other}"


def _compared(pairs: Sequence[tuple[_Measured, _Measured]]) -> list[Slowdown]:
    """Return how much longer the second of each pair took than the first; they share the level."""
    comparisons = compare(
        [
            log_ratios(first.p95_ms, second.p95_ms)
            if first.p95_ms and second.p95_ms
            else np.array([])
            for first, second in pairs
        ],
        [first.refusal or second.refusal for first, second in pairs],
    )
    return [
        {
            "without": None,
            "p95_ms": _median(first.p95_ms),
            "answer": comparison.answer,
            "ratio": comparison.ratio,
            "interval": [comparison.interval.low, comparison.interval.high]
            if comparison.interval
            else None,
            "level": comparison.interval.level if comparison.interval else None,
            "blocks": comparison.rounds,
        }
        for comparison, (first, _) in zip(comparisons, pairs, strict=True)
    ]


def _median(values: ByBlock) -> float | None:
    return median(values.values()) if values else None
