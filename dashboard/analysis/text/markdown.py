"""A report as a short Markdown text, for a pull request or the summary page of a CI job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from dashboard.analysis.samples.bystander import bystander_wait_ms
from dashboard.analysis.samples.cut_off import CUT_SHORT, cut_off_text, whole_rounds_of
from dashboard.analysis.text.verdict.disturbed import level_text, mark
from dashboard.wire.plural import counted
from dashboard.wire.report.lanes import LaneReport
from dashboard.wire.report.report import Report
from dashboard.wire.report.verdict import ComparisonReport, VerdictReport

from .grouped_warnings import grouped_warnings
from .lane_texts import UNKNOWN, price, theory_text, total_time
from .numbers import milliseconds, significant, with_ends


def markdown(report: Report, judged: Sequence[tuple[str, bool]] = ()) -> str:
    """Return heading, sentence, table of lanes, expectations and warnings; ends with a newline.

    `judged` are the expectations as text, and whether each held.
    """
    verdict = report["verdict"]
    parts = [
        f"## {_escaped(report['scenario'])}: {_load(report)}",
        _status(report),
        *_verdict(verdict),
        "\n".join(_table(report)),
        "\n".join(
            f"- {'held' if holds else '**did not hold**'}: `{text}`" for text, holds in judged
        ),
        "\n".join(f"- Warning: {warning}" for warning in grouped_warnings(report["warnings"])),
        _footer(report),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _verdict(verdict: VerdictReport | None) -> list[str]:
    """Return the headline in bold, and the sentences that follow it."""
    if not verdict:
        return []
    headline = verdict.get("headline") or ""
    rest = verdict["sentence"].removeprefix(headline).strip()
    return [f"**{headline}**" if headline else "", rest]


def _load(report: Report) -> str:
    load = report["load"]
    if load["kind"] == "rate":
        what = f"{counted(load['rate_rps'], 'request')} per second for {load['duration_s']:g} s"
    else:
        what = f"{counted(load['requests'], 'request')}, {load['concurrency']} at a time"
    return f"{what}, {_rounds(report)}"


def _rounds(report: Report) -> str:
    """Return the number of rounds; a run until certain may end before its last one."""
    verdict = report["verdict"]
    until_certain = verdict is not None and verdict.get("rule") == "until-sure"
    if report["status"] in CUT_SHORT:
        return f"{whole_rounds_of(report)} of {report['rounds']} rounds"
    rounds = len(report["lanes"][0]["response_p95_ms"]) if until_certain else report["rounds"]
    return f"{counted(rounds, 'round')}{', until certain' if until_certain else ''}"


def _status(report: Report) -> str:
    if report["status"] == "finished":
        return ""
    return f"This run is {report['status']}; its results up to that point are shown."


def _table(report: Report) -> Iterator[str]:
    rate = report["load"]["kind"] == "rate"
    ratios = _ratios(report)
    theories = any(lane["theory"] for lane in report["lanes"])
    columns = ["lane", "achieved" if rate else "total time (median)"]
    columns += [
        "compared with the first, by paired rounds",
        "p50",
        "p95",
        "errors",
        "bystander",
        *(["theory"] if theories else []),
        "cost",
    ]
    yield f"| {' | '.join(columns)} |"
    yield "| --- " * len(columns) + "|"
    for lane in report["lanes"]:
        cells = [
            f"`{lane['lane']}`",
            _achieved(lane) if rate else total_time(lane),
            ratios.get(lane["lane"], UNKNOWN),
            _response(lane, "p50"),
            _response(lane, "p95"),
            "; ".join(filter(None, [str(lane["requests"] - lane["ok"]), cut_off_text(lane)])),
            _bystander(lane),
            *([theory_text(lane) or UNKNOWN] if theories else []),
            price(lane),
        ]
        yield f"| {' | '.join(map(_escaped, cells))} |"


def _ratios(report: Report) -> dict[str, str]:
    verdict = report["verdict"]
    if not verdict:
        return {}
    ratios = {verdict["baseline"]: "baseline"}
    for comparison in verdict["comparisons"]:
        cells = [_ratio(comparison), mark(verdict, comparison["lane"])]
        ratios[comparison["lane"]] = ", ".join(filter(None, cells))
    return ratios


def _ratio(comparison: ComparisonReport) -> str:
    if comparison["ratio"] is None:
        return str(comparison["answer"])
    ratio, ends = with_ends(comparison["ratio"], comparison["interval"])
    return f"{ratio} ({level_text(comparison)}: {ends})" if ends else ratio


def _achieved(lane: LaneReport) -> str:
    rate = lane["rate"]
    if not rate or rate["achieved_rps"] is None:
        return UNKNOWN
    words = f"{significant(rate['achieved_rps'], 3)}/s of {significant(rate['offered_rps'], 3)}/s"
    return f"{words}, backlog growing" if rate["keeps_up"] is False else words


def _response(lane: LaneReport, name: Literal["p50", "p95"]) -> str:
    """Return a percentile of the response time; that of a lane that fell behind means nothing."""
    behind = lane["rate"] and lane["rate"]["keeps_up"] is False
    value_ms = lane["latency_ms"][name]
    return UNKNOWN if behind or value_ms is None else milliseconds(value_ms)


def _bystander(lane: LaneReport) -> str:
    wait_ms = bystander_wait_ms(lane)
    return UNKNOWN if wait_ms is None else milliseconds(wait_ms)


def _footer(report: Report) -> str:
    environment, instrument = report["environment"], report["instrument"]
    setup = [
        ("Python", environment.get("python")),
        ("Django", environment.get("django")),
        ("CPUs", environment.get("cpus")),
        ("seed", report["seed"]),
    ]
    words = [f"{name} {value}" for name, value in setup if value is not None]
    steal = instrument.get("steal_percent") if instrument else None
    if steal is not None:
        words.append(f"{significant(steal, 2)} % of the CPU time stolen")
    return f"Measured on one machine: {', '.join(words)}."


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
