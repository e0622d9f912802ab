"""A mix as heat tables: a row per view, its p95 in the mix, alone, and without each other view."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log

from dashboard.analysis.text.numbers import percent
from dashboard.web.shared.format import format_interval, format_ms, format_ratio
from dashboard.wire.experiments.mix import MixAnswer, MixedViewAnswer, MixLane, Slowdown

from .matrix_view import MIN_RANGE, SHADES


@dataclass(frozen=True)
class SlowdownView:
    """A cell: the p95 without what the mix adds, and how long it is in the mix.

    `shade` is 0 where the mix takes no longer, up to 8; None without a ratio.
    """

    p95: str
    ratio: str
    interval: str
    shade: int | None


@dataclass(frozen=True)
class MixedViewRow:
    """A view at a lane."""

    view: str
    share: str
    requests: str
    failed: int
    p95: str
    bystander: str
    compared: SlowdownView | None
    cells: list[SlowdownView | None]


@dataclass(frozen=True)
class SlowdownTable:
    """One lane: a row per view, a column for alone and one without each other view."""

    lane: str
    bystander: str
    behind: bool
    others: list[str]
    rows: list[MixedViewRow]
    baseline: bool


def slowdown_tables(answer: MixAnswer) -> list[SlowdownTable]:
    """Return a table for each lane, all with one scale."""
    ratios = [
        slowdown["ratio"]
        for cell in answer["cells"]
        for slowdown in cell["slowdowns"]
        if slowdown["ratio"]
    ]
    most = max([log(ratio) for ratio in ratios if ratio > 1], default=0.0)
    return [_table(answer, lane, max(most, MIN_RANGE)) for lane in answer["lanes"]]


def planned_runs(answer: MixAnswer) -> int:
    """Return how many runs the experiment has if all of them are fired."""
    views, leaves_out = len(answer["views"]), any(_others(answer, answer["cells"]))
    return answer["blocks"] * (1 + views + (views if leaves_out else 0))


def _table(answer: MixAnswer, lane: MixLane, scale: float) -> SlowdownTable:
    cells = [cell for cell in answer["cells"] if cell["lane"] == lane["lane"]]
    others = list(_others(answer, cells))
    return SlowdownTable(
        lane=lane["lane"],
        bystander=format_ms(lane["bystander_p95_ms"]),
        behind=lane["keeps_up"] is False,
        others=others,
        rows=[_row(cell, others, scale) for cell in cells],
        baseline=lane == answer["lanes"][0],
    )


def _others(answer: MixAnswer, cells: Sequence[MixedViewAnswer]) -> Iterator[str]:
    """Yield the views that were left out, in their order."""
    left_out = {slowdown["without"] for cell in cells for slowdown in cell["slowdowns"]}
    yield from (view for view in answer["views"] if view in left_out)


def _row(cell: MixedViewAnswer, others: Sequence[str], scale: float) -> MixedViewRow:
    by_other = {slowdown["without"]: slowdown for slowdown in cell["slowdowns"]}
    compared = cell["compared"]
    return MixedViewRow(
        view=cell["view"],
        share=percent(cell["share"]),
        requests=f"{cell['requests']:,}",
        failed=cell["failed"],
        p95=format_ms(cell["p95_ms"]),
        bystander=format_ms(cell["bystander_p95_ms"]),
        compared=_view(compared, scale) if compared else None,
        cells=[
            _view(by_other[other], scale) if other in by_other else None
            for other in (None, *others)
        ],
    )


def _view(slowdown: Slowdown, scale: float) -> SlowdownView:
    ratio, interval = slowdown["ratio"], slowdown["interval"]
    return SlowdownView(
        p95=format_ms(slowdown["p95_ms"]),
        ratio=format_ratio(ratio, interval) if ratio else "",
        interval=format_interval(ratio, interval),
        shade=round(SHADES * min(1.0, max(0.0, log(ratio)) / scale)) if ratio else None,
    )
