"""A report in words that a person can repeat; from the report's JSON alone.

No superlative, nothing beyond this machine, and nothing that the numbers beside it do not say:
"sooner" and "later" come from the interval, and where it holds both, so does the sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dashboard.analysis.causes.view_calls import failure_words
from dashboard.analysis.report.secondary import secondary_words
from dashboard.wire.plural import counted

from .causes import cause_words
from .disturbed import DID, answered_at_worst, at_worst, measured, why_disturbed
from .numbers import (
    faster_or_slower,
    milliseconds,
    percent,
    seconds_of,
    significant,
    times,
    times_between,
)
from .shared_limit import shared_limit_words

Report = Mapping[str, Any]
Comparison = Mapping[str, Any]

NO_ROUNDS = "have no whole round to compare"
WIDE = 1.5  # times from the smallest ratio of a round to the largest: the middle is no summary
NOT_COMPARED = {
    "redirected": (
        "cannot be compared: one was redirected, the other was not, and whether a view was called"
        " is not known"
    )
}


def sentence(report: Report) -> str:
    """What the run shows, in one sentence or a few; empty where there is no verdict."""
    verdict = report["verdict"]
    if not verdict:
        return ""
    if verdict["spoiled"]:
        return " ".join([f"No verdict. {verdict['spoiled'].rstrip('.')}.", *measured(verdict)])
    said = [
        *_comparisons(report),
        *why_disturbed(verdict),
        shared_limit_words(verdict.get("absolute")),
        *_causes(verdict),
        *_factors(verdict),
        *secondary_words(verdict.get("secondary", ())),
        *_control(verdict),
    ]
    return " ".join(filter(None, said))


def _comparisons(report: Report) -> Iterator[str]:
    verdict = report["verdict"]
    first = [one for one in verdict["comparisons"] if one["answer"] == "first-look"]
    if first:
        did = DID[verdict["metric"]]
        margin = verdict["margin"]
        looks = "; ".join(
            f"{one['lane']} {did} {_at_first(one['ratio'], margin)}{_in_rounds(one, margin)}"
            f"{at_worst(verdict, one)}"
            for one in first
        )
        yield f"A first look, next to {verdict['baseline']}: {looks}."
    for one in verdict["comparisons"]:
        if one["answer"] != "first-look":
            yield answered_at_worst(verdict, one) or _answered(report, one)


def _at_first(ratio: float, margin: float) -> str:
    """A difference inside the margin is none that anybody asked for."""
    apart = faster_or_slower(ratio)
    if max(ratio, 1 / ratio) > 1 + margin:
        return apart
    return f"about as soon ({apart})" if apart else "as soon"


def _in_rounds(one: Comparison, margin: float) -> str:
    """Return the ratios of single rounds, where they say too different things for one number.

    Empty where they are close together, where there was but one, and in reports of old.
    """
    low, high = one.get("round_ratios") or (1, 1)
    both_ways = low < 1 < high and max(high, 1 / low) > 1 + margin
    if not both_ways and high / low <= WIDE:
        return ""
    return f" (in its {counted(one['rounds'], 'round')} {_from_to(low, high)})"


def _answered(report: Report, one: Comparison) -> str:
    verdict = report["verdict"]
    lane, baseline = one["lane"], verdict["baseline"]
    match one["answer"]:
        case "differs":
            return (
                f"{lane} {DID[verdict['metric']]} {faster_or_slower(one['ratio'])} than {baseline}"
                f" ({_level(one)}: {_both_ends(one)})."
            )
        case "no-difference":
            return (
                f"{lane} next to {baseline}: no difference larger than"
                f" {percent(verdict['margin'])} ({_level(one)}: {_ends(one)})."
            )
        case "undecided":
            return f"{lane} next to {baseline} is undecided: {_ends(one)} ({_level(one)})."
        case "errors":
            return (
                f"Requests failed, so {lane} and {baseline} cannot be compared:"
                f" {'; '.join(_failures(report, (baseline, lane)))}."
            )
        case "behind":
            behind = "; ".join(_behind(report, (baseline, lane)))
            return f"The rate was more than a lane can do, so nothing is compared: {behind}."
    return f"{lane} and {baseline} {NOT_COMPARED.get(one['answer'], NO_ROUNDS)}."


def _level(one: Comparison) -> str:
    return percent(one["level"])


def _both_ends(one: Comparison) -> str:
    """The ends of an interval that lies on one side of 1, the smaller difference first."""
    low, high = one["interval"]
    if one["ratio"] < 1:
        low, high = 1 / high, 1 / low
        shares = [1 - 1 / low, 1 - 1 / high]
    else:
        shares = [low - 1, high - 1]
    if faster_or_slower(one["ratio"]).endswith(("times sooner", "times later")):
        return times_between(low, high)
    return f"{percent(shares[0])} to {percent(shares[1])}"


def _ends(one: Comparison) -> str:
    """The ends of an interval in words, each with its own direction."""
    if one["interval"] is None:
        return "so few rounds say nothing"
    return _from_to(*one["interval"])


def _from_to(low: float, high: float) -> str:
    return f"from {faster_or_slower(low) or 'as soon'} to {faster_or_slower(high) or 'as soon'}"


def _failures(report: Report, names: Sequence[str]) -> Iterator[str]:
    for lane in report["lanes"]:
        if lane["lane"] in names and lane["errors"]:
            yield f"{lane['lane']} had {failure_words(lane['errors'])} of {lane['requests']}"


def _behind(report: Report, names: Sequence[str]) -> Iterator[str]:
    for lane in report["lanes"]:
        rate = lane["rate"]
        if lane["lane"] in names and rate and rate["keeps_up"] is False:
            achieved = rate["achieved_rps"]
            done = "nothing" if achieved is None else f"{significant(achieved, 3)}/s"
            offered = f"{significant(rate['offered_rps'], 3)}/s"
            yield f"{lane['lane']} was offered {offered} and achieved {done}, backlog growing"


def _causes(verdict: Mapping[str, Any]) -> Iterator[str]:
    """The causes, the one that explains most first; the same one of two comparisons once."""
    said: list[str] = []
    for one in verdict["comparisons"]:
        sentences = [cause_words(cause, one, verdict["baseline"]) for cause in one["causes"]]
        said += [words for words in sentences if words and words not in said]
        explained = any(cause["share"] for cause in one["causes"])  # an answer held back is none
        if one["answer"] == "differs" and not explained and not verdict["control"]:
            said.append(f"Why {one['lane']} differs: cause not found.")
    yield from said


def _factors(verdict: Mapping[str, Any]) -> Iterator[str]:
    """Server and code apart, wherever there is a difference to be taken apart."""
    for one in verdict["comparisons"]:
        if one["factors"] and one["answer"] == "differs":
            steps = (_step(step, verdict["margin"]) for step in one["factors"])
            yield f"{one['lane']} in steps: {', '.join(steps)}."


def _step(step: Mapping[str, Any], margin: float) -> str:
    variant, _, server = step["end"].partition("@")
    by = f"moving to {server}" if step["what"] == "server" else f"writing {variant}"
    return f"{_much(step, margin)} from {by}"


def _much(step: Mapping[str, Any], margin: float) -> str:
    """What a step's interval shows, and no more: how many times as fast, if it changed anything."""
    low, high = step["interval"] or (0, float("inf"))
    if low >= 1 / (1 + margin) and high <= 1 + margin:
        return "next to no change"
    if low <= 1 <= high:
        ends = f" ({times(1 / high)} to {times(1 / low)} times)" if step["interval"] else ""
        return f"no change that this run can show{ends}"
    return f"{times(1 / step['ratio'])} times as fast ({times_between(1 / high, 1 / low)})"


def _control(verdict: Mapping[str, Any]) -> Iterator[str]:
    control = verdict["control"]
    if not control:
        return
    if control["trusted"]:
        yield "A control: both are the same lane, so this is what it should say."
    elif control["trusted"] is None:
        yield "A control: both are the same lane, but this says nothing yet."
    else:
        yield (
            "A control: both are the same lane, so this machine cannot be trusted now:"
            f" {'; '.join(control['why'])}."
        )


def price(lane: Mapping[str, Any]) -> str:
    """What a lane cost: threads and memory at their peak, CPU for each request."""
    side = lane["server_side"]
    threads, rss_mb, cpu_ms = (
        side[name] for name in ("peak_threads", "peak_rss_mb", "cpu_ms_per_request")
    )
    parts = [
        None if threads is None else counted(threads, "thread"),
        None if rss_mb is None else f"{significant(rss_mb, 3)} MB",
        None if cpu_ms is None else f"{milliseconds(cpu_ms)} of CPU a request",
    ]
    return ", ".join(part for part in parts if part) or "not known"


def theory_words(lane: Mapping[str, Any]) -> str:
    """The lane's theory beside its practice; empty where there is none."""
    theory = lane["theory"]
    if not theory:
        return ""
    words = f"{seconds_of(theory['promised_s'])} by its {theory['promised_k']} at a time"
    if theory["seen_k"] is not None and theory["seen_k"] != theory["promised_k"]:
        words += f", {seconds_of(theory['seen_s'])} by the {theory['seen_k']} that were seen"
    return words
