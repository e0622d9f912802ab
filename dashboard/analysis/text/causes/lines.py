"""The line of code that a cause names: *shop/views.py:42, requests.get, held the loop …*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.wire.report.causes import CauseReport
from dashboard.wire.report.where import Line, LineEvidence, State

STATE_CAPTIONS: Mapping[State, str] = {
    "cpu": "on CPU",
    "blocking": "blocking",
    "holding": "holding the loop",
    "awaiting": "awaiting",
}

_SENTENCES: Mapping[str, str] = {
    "threads-busy": "Its threads spent {share} of their time in views at {place}.",
    "one-at-a-time": "Its requests spent {share} of their time in views at {place}.",
    "executor-full": "Of the time that its requests waited, {share} was at {place}.",
    "cpu-bound": "Of the CPU time of its requests, {share} was used at {place}.",
    "waiting-in-app": "It waited for {share} of that time at {place}.",
}
_HELD = "{place}, held the loop for {share} of that time."


def with_line(sentence: str, cause: CauseReport) -> str:
    """Return a cause's sentence with the first of its lines; as it is if the cause has none."""
    evidence: Any = cause["evidence"]
    lines: Sequence[LineEvidence] = evidence.get("lines", ())
    if not sentence or not lines:
        return sentence
    values = {"place": line_text(lines[0]), "share": share_text(lines[0]["share"])}
    if cause["name"] == "loop-blocked":
        joint = ";" if ": " in sentence else ":"
        return f"{sentence.removesuffix('.')}{joint} {_HELD.format(**values)}"
    return f"{sentence} {_SENTENCES[cause['name']].format(**values)}"


def place_of(line: LineEvidence | Line) -> str:
    """Return *shop/views.py:42*."""
    return f"{line['path']}:{line['line']}"


def line_text(line: LineEvidence) -> str:
    """Return *shop/views.py:42, requests.get*, or without a call *shop/views.py:42*."""
    return f"{place_of(line)}, {line['leaf']}" if line["leaf"] else place_of(line)


def share_text(share: float) -> str:
    """Return a share of looks as whole percent; never 0 or 100 % unless it is exactly that."""
    whole = round(100 * share)
    if 0 < share < 1:
        whole = min(max(whole, 1), 99)
    return f"{whole} %"
