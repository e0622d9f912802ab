"""The sentence of a mix: which views it slows down most, and by which others."""

from __future__ import annotations

from dashboard.wire.experiments.mix import MixAnswer, MixedViewAnswer, Slowdown
from dashboard.wire.plural import counted

from .numbers import milliseconds, times

NOTABLE = 1.2  # a slowdown that is worth a sentence


def mix_sentence(answer: MixAnswer) -> str:
    """Return what the mix does to its views, and who does it, in one or two sentences."""
    slowed = [
        (slowdown, cell)
        for cell in answer["cells"]
        for slowdown in cell["slowdowns"]
        if slowdown["without"] is None and shown(slowdown)
    ]
    if not slowed:
        return _none_slowed(answer)
    slowdown, cell = max(slowed, key=lambda pair: pair[0]["ratio"] or 0.0)
    sentence = (
        f"{cell['view']} is slowed down most, at {cell['lane']}: its p95 is"
        f" {times(slowdown['ratio'] or 1.0)}× as long in the mix as alone"
        f" ({_ms(cell['p95_ms'])} instead of {_ms(slowdown['p95_ms'])})."
    )
    return f"{sentence} {_by_whom(cell)}".rstrip()


def _none_slowed(answer: MixAnswer) -> str:
    """Return that no slowdown was shown, and in how many cells that is not yet an answer."""
    if all(cell["p95_ms"] is None for cell in answer["cells"]):
        return ""
    alone = [cell["slowdowns"][0] for cell in answer["cells"]]
    opened = sum(slowdown["answer"] not in ("differs", "no-difference") for slowdown in alone)
    if not opened:
        return "No view is slowed down by the others."
    comparisons = f"{opened} of {counted(len(alone), 'comparison')}"
    return f"No slowdown was shown. Undecided: {comparisons} of a view with itself alone."


def disturbed_text(answer: MixAnswer) -> str:
    """Return that runs were left out since they were disturbed; empty if none was."""
    if not answer["disturbed"]:
        return ""
    runs = counted(len(answer["disturbed"]), "run")
    return f"In {runs} the load generator was at its limit: no number here is from there."


def shown(slowdown: Slowdown) -> bool:
    """Return True if a slowdown was shown: by its interval, or by a first look's ratio."""
    ratio, interval = slowdown["ratio"], slowdown["interval"]
    if slowdown["answer"] not in ("differs", "first-look") or ratio is None:
        return False
    return interval[0] > 1 if interval else ratio >= NOTABLE


def _by_whom(cell: MixedViewAnswer) -> str:
    by = [each for each in cell["slowdowns"] if each["without"] and shown(each)]
    if not by:
        return ""
    most = max(by, key=lambda each: each["ratio"] or 0.0)
    return f"Without {most['without']} it is {_ms(most['p95_ms'])}."


def _ms(value: float | None) -> str:
    return "unknown" if value is None else milliseconds(value)
