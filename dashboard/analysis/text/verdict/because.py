"""The sentences below a headline: other lanes, causes with their evidence, steps, reservations."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.analysis.text.causes.causes import cause_text
from dashboard.analysis.text.causes.shared_limit import shared_limit_sentence
from dashboard.analysis.text.lane_texts import theory_misses
from dashboard.analysis.text.numbers import (
    faster_or_slower,
    percent,
    significant,
    times_between,
    with_ends,
)
from dashboard.wire.report.lanes import RateReport
from dashboard.wire.report.report import Report
from dashboard.wire.report.verdict import ComparisonReport, FactorReport, VerdictReport

from .disturbed import all_spoiled, measured, why_disturbed, why_spoiled
from .no_comparison import achieved, failures
from .secondary import secondary_sentences


def because(report: Report) -> Iterator[str]:
    """Yield the sentences that follow a headline; nothing without a verdict."""
    verdict = report["verdict"]
    if not verdict:
        return
    if verdict["spoiled"] and all_spoiled(verdict):
        yield from measured(verdict)
        return
    yield from _rates(report)
    yield from _failures(report, verdict)
    yield from _each(verdict)
    yield from why_spoiled(verdict)
    yield from why_disturbed(verdict)
    if shared := shared_limit_sentence(verdict.get("absolute")):
        yield shared
    yield from _causes(verdict)
    yield from _factors(verdict)
    yield from theory_misses(report)
    yield from secondary_sentences(verdict.get("secondary", ()))
    yield from _control(verdict)


def _rates(report: Report) -> Iterator[str]:
    """Yield what each lane achieved if one of them did not keep up."""
    rates = {lane["lane"]: rate for lane in report["lanes"] if (rate := lane.get("rate"))}
    if any(rate["keeps_up"] is False for rate in rates.values()):
        offered = significant(next(iter(rates.values()))["offered_rps"], 3)
        each = ", ".join(f"{lane} {_achieved(rate)}" for lane, rate in rates.items())
        yield f"Achieved of {offered}/s: {each}."


def _achieved(rate: RateReport) -> str:
    growing = " (backlog growing)" if rate["keeps_up"] is False else ""
    return f"{achieved(rate)}{growing}"


def _failures(report: Report, verdict: VerdictReport) -> Iterator[str]:
    """Yield how many requests of each lane failed if some lane is not compared because of that."""
    if any(comparison["answer"] == "errors" for comparison in verdict["comparisons"]):
        yield f"Failed requests: {', '.join(map(failures, report['lanes']))}."


def _each(verdict: VerdictReport) -> Iterator[str]:
    """Yield what was found of each lane, unless the headline is about the only one."""
    comparisons = verdict["comparisons"]
    if len(comparisons) > 1:
        each = "; ".join(f"{item['lane']} {found(verdict, item)}" for item in comparisons)
        yield f"Compared with {verdict['baseline']}: {each}."


def found(verdict: VerdictReport, comparison: ComparisonReport) -> str:
    """Return what was found of a lane: "3.4× faster (3.1–3.7)", "undecided (0.9–1.3× as long)"."""
    ratio, interval = comparison["ratio"], comparison["interval"]
    match comparison["answer"]:
        case "differs" | "first-look" if ratio:
            text, ends = with_ends(ratio, interval)
            return f"{text} ({ends})" if ends else text
        case "no-difference":
            return f"no difference larger than {percent(verdict['margin'])}"
        case "undecided" if interval:
            return f"undecided ({times_between(*interval)}× as long)"
        case "not-trusted" if ratio:
            return f"not to be trusted ({faster_or_slower(ratio)} as measured)"
    return _NOT_COMPARED.get(comparison["answer"], comparison["answer"])


_NOT_COMPARED = {
    "undecided": "undecided",
    "not-trusted": "not to be trusted",
    "errors": "not compared, since requests failed",
    "behind": "not compared, since not both keep up",
    "redirected": "not compared, since it is unknown whether a view was called",
    "no-rounds": "not compared, since no round is whole in both",
}


def _causes(verdict: VerdictReport) -> Iterator[str]:
    """Yield the causes, the one that explains most first, each once for each lane that has it."""
    sentences: dict[tuple[str, str | None] | str, str] = {}
    for comparison in verdict["comparisons"]:
        causes = comparison["causes"]
        for cause in causes:
            text = cause_text(cause, comparison, verdict["baseline"])
            sentences.setdefault((cause["name"], cause["lane"]), text)
        explained = any(cause["share"] for cause in causes)  # a buffered answer explains nothing
        if comparison["answer"] == "differs" and not explained and not verdict["control"]:
            lane = comparison["lane"]
            sentences.setdefault(lane, f"Why {lane} differs: cause not found.")
    yield from filter(None, sentences.values())


def _factors(verdict: VerdictReport) -> Iterator[str]:
    """Yield what the server and the code contribute, wherever a difference has both."""
    for comparison in verdict["comparisons"]:
        if comparison["factors"] and comparison["answer"] == "differs":
            steps = (_step(step, verdict["margin"]) for step in comparison["factors"])
            yield f"Of the difference of {comparison['lane']}, {', '.join(steps)}."


def _step(step: FactorReport, margin: float) -> str:
    variant, _, server = step["end"].partition("@")
    what = f"changing the server to {server}" if step["what"] == "server" else variant
    return f"{what} {_effect(step, margin)}"


def _effect(step: FactorReport, margin: float) -> str:
    """Return what a step's interval shows: how many times as fast, if it changed anything."""
    low, high = step["interval"] or (0, float("inf"))
    if low >= 1 / (1 + margin) and high <= 1 + margin:
        return "changes next to nothing"
    if low <= 1 <= high:
        ends = f" ({times_between(1 / high, 1 / low)}×)" if step["interval"] else ""
        return f"shows no clear change{ends}"
    text, ends = with_ends(step["ratio"], step["interval"])
    if step["ratio"] < 1 and text.endswith("faster"):
        return f"gives {text.removesuffix(' faster')} ({ends})"
    return f"takes {text} ({ends})"


def _control(verdict: VerdictReport) -> Iterator[str]:
    control = verdict["control"]
    if not control:
        return
    if control["trusted"]:
        yield "Both lanes are the same (A/A), and nothing contradicts that."
    elif control["trusted"] is None:
        yield "Both lanes are the same (A/A), but this run cannot confirm it yet."
    else:
        yield (
            "Both lanes are the same (A/A), so this machine cannot be trusted now:"
            f" {'; '.join(control['why'])}."
        )
