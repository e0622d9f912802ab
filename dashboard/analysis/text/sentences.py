"""The verdict as text, written from the report's JSON alone.

No superlative, nothing beyond this machine, and nothing that the numbers do not show: "faster"
and "longer" follow from the interval, and where it holds both directions, so does the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dashboard.wire.plural import counted
from dashboard.wire.report.lanes import LaneReport
from dashboard.wire.report.report import Report
from dashboard.wire.report.verdict import (
    Answer,
    ComparisonReport,
    FactorReport,
    Interval,
    VerdictReport,
)

from .causes import cause_text
from .disturbed import (
    METRIC_SUFFIX,
    answered_at_worst,
    at_worst,
    level_text,
    measured,
    outcome,
    why_disturbed,
)
from .numbers import (
    faster_or_slower,
    milliseconds,
    percent,
    ratio_range,
    seconds_of,
    significant,
    times,
    times_between,
    with_verb,
)
from .secondary import secondary_sentences
from .shared_limit import shared_limit_sentence
from .view_calls import failure_text

NO_ROUNDS = "cannot be compared: no round is whole in both"
WIDE = 1.5  # largest over smallest ratio of a round, beyond which the mean is no summary
NOT_COMPARED: Mapping[Answer, str] = {
    "redirected": (
        "cannot be compared: one was redirected and the other was not, and it is unknown whether"
        " a view was called"
    )
}


def sentence(report: Report) -> str:
    """Return the verdict in one sentence or a few; empty without a verdict."""
    verdict = report["verdict"]
    if not verdict:
        return ""
    if verdict["spoiled"]:
        return " ".join([f"No verdict. {verdict['spoiled'].rstrip('.')}.", *measured(verdict)])
    sentences = [
        *_comparisons(report, verdict),
        *why_disturbed(verdict),
        shared_limit_sentence(verdict.get("absolute")),
        *_causes(verdict),
        *_factors(verdict),
        *secondary_sentences(verdict.get("secondary", ())),
        *_control(verdict),
    ]
    return " ".join(filter(None, sentences))


def _comparisons(report: Report, verdict: VerdictReport) -> Iterator[str]:
    first = [each for each in verdict["comparisons"] if each["answer"] == "first-look"]
    if first:
        looks = "; ".join(_first_look(verdict, comparison) for comparison in first)
        yield f"First look ({_rounds(first)}): {looks}."
    for comparison in verdict["comparisons"]:
        if comparison["answer"] != "first-look":
            yield answered_at_worst(verdict, comparison) or _answered(report, verdict, comparison)


def _rounds(comparisons: Sequence[ComparisonReport]) -> str:
    numbers = sorted({comparison["rounds"] for comparison in comparisons})
    least = f"{numbers[0]} to " if len(numbers) > 1 else ""
    return f"{least}{counted(numbers[-1], 'round')}"


def _first_look(verdict: VerdictReport, comparison: ComparisonReport) -> str:
    """Return the ratio with what limits it in brackets; inside the margin it is about none."""
    ratio, margin = comparison["ratio"] or 1, verdict["margin"]
    words, notes = outcome(verdict, comparison), []
    if ratio != 1 and max(ratio, 1 / ratio) <= 1 + margin:
        about = f"{comparison['lane']} took about as long as {verdict['baseline']}"
        words = f"{about}{METRIC_SUFFIX[verdict['metric']]}"
        notes.append(faster_or_slower(ratio))
    notes += [_in_rounds(comparison, margin), at_worst(verdict, comparison)]
    details = "; ".join(filter(None, notes))
    return f"{words} ({details})" if details else words


def _in_rounds(comparison: ComparisonReport, margin: float) -> str:
    """Return the range of the ratios of single rounds if they are far apart.

    Empty if they are close together, if there was one round, and in older reports.
    """
    low, high = comparison.get("round_ratios") or (1, 1)
    both_ways = low < 1 < high and max(high, 1 / low) > 1 + margin
    if not both_ways and high / low <= WIDE:
        return ""
    return f"its {counted(comparison['rounds'], 'round')}: {ratio_range(low, high)}"


def _answered(report: Report, verdict: VerdictReport, comparison: ComparisonReport) -> str:
    lane, baseline, interval = comparison["lane"], verdict["baseline"], comparison["interval"]
    match comparison["answer"]:
        case "differs" if interval:
            ends = _differing_ends(comparison["ratio"] or 1, interval)
            return f"{outcome(verdict, comparison)} ({level_text(comparison)}: {ends})."
        case "no-difference" if interval:
            return (
                f"{lane} and {baseline}: no difference larger than {percent(verdict['margin'])}"
                f" ({level_text(comparison)}: {ratio_range(*interval)})."
            )
        case "undecided":
            return f"{lane} and {baseline}: undecided, {_undecided(comparison)}."
        case "errors":
            failures = "; ".join(_failures(report, (baseline, lane)))
            return f"Requests failed, so {lane} and {baseline} cannot be compared: {failures}."
        case "behind":
            behind = "; ".join(_behind(report, (baseline, lane)))
            return f"Nothing is compared, since a lane could not keep up with the rate: {behind}."
    return f"{lane} and {baseline} {NOT_COMPARED.get(comparison['answer'], NO_ROUNDS)}."


def _differing_ends(ratio: float, interval: Interval) -> str:
    """Return both ends of an interval on one side of 1, the smaller difference first."""
    low, high = interval
    if faster_or_slower(ratio).endswith("faster"):
        return f"{times_between(1 / high, 1 / low)}×"
    if faster_or_slower(ratio).endswith("as long"):
        return f"{times_between(low, high)}×"
    shares = (1 - high, 1 - low) if high < 1 else (low - 1, high - 1)
    return f"{percent(shares[0]).removesuffix(' %')}–{percent(shares[1])}"


def _undecided(comparison: ComparisonReport) -> str:
    if comparison["interval"] is None:
        return f"since too few rounds have no interval ({level_text(comparison)})"
    ends = with_verb(ratio_range(*comparison["interval"]))
    return f"{comparison['lane']} {ends} ({level_text(comparison)})"


def _failures(report: Report, names: Sequence[str]) -> Iterator[str]:
    for lane in report["lanes"]:
        if lane["lane"] in names and lane["errors"]:
            requests = counted(lane["requests"], "request")
            yield f"{lane['lane']} had {failure_text(lane['errors'])} of {requests}"


def _behind(report: Report, names: Sequence[str]) -> Iterator[str]:
    for lane in report["lanes"]:
        rate = lane["rate"]
        if lane["lane"] in names and rate and rate["keeps_up"] is False:
            achieved = rate["achieved_rps"]
            done = "nothing" if achieved is None else f"{significant(achieved, 3)}/s"
            offered = f"{significant(rate['offered_rps'], 3)}/s"
            yield f"{lane['lane']} was offered {offered} and achieved {done}, backlog growing"


def _causes(verdict: VerdictReport) -> Iterator[str]:
    """Yield the causes, the one that explains most first, each sentence once."""
    sentences: list[str] = []
    for comparison in verdict["comparisons"]:
        causes = comparison["causes"]
        sentences += [cause_text(cause, comparison, verdict["baseline"]) for cause in causes]
        explained = any(cause["share"] for cause in causes)  # a buffered answer explains nothing
        if comparison["answer"] == "differs" and not explained and not verdict["control"]:
            sentences.append(f"Why {comparison['lane']} differs: cause not found.")
    yield from dict.fromkeys(filter(None, sentences))


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
    return f"gives {times(1 / step['ratio'])}× ({times_between(1 / high, 1 / low)}×)"


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


def price(lane: LaneReport) -> str:
    """Return what a lane cost: threads and memory at their peak, CPU per request."""
    side = lane["server_side"]
    threads, rss_mib = side["peak_threads"], side["peak_rss_mb"]
    cpu_ms = side["cpu_ms_per_request"]
    parts = [
        None if threads is None else counted(threads, "thread"),
        None if rss_mib is None else f"{significant(rss_mib, 3)} MiB",
        None if cpu_ms is None else f"{milliseconds(cpu_ms)} of CPU per request",
    ]
    return ", ".join(part for part in parts if part) or "unknown"


def theory_text(lane: LaneReport) -> str:
    """Return the lane's theoretical total times; empty if there is no theory for it."""
    theory = lane["theory"]
    if not theory:
        return ""
    words = f"{seconds_of(theory['promised_s'])} with {theory['promised_k']} at a time"
    seen_k, seen_s = theory["seen_k"], theory["seen_s"]
    if seen_k is not None and seen_s is not None and seen_k != theory["promised_k"]:
        words += f", {seconds_of(seen_s)} with the {seen_k} observed"
    return words
