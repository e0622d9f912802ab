"""The rows of the table, a row a lane: of a whole report, or of a stretch of each round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from dashboard.analysis.report.report import Report, first_look
from dashboard.analysis.samples import stats
from dashboard.analysis.samples.cut_off import cut_off_words
from dashboard.analysis.samples.lane_samples import Lane
from dashboard.analysis.samples.window import Stretch, within
from dashboard.analysis.text.disturbed import mark
from dashboard.models import Run, RunLane
from dashboard.runs.reports.wording import keeps_up, per_second
from dashboard.web.shared.format import factor, milliseconds, plain, seconds
from dashboard.wire.plan import TWIN

LETTERS = "ABCDEF"


@dataclass(frozen=True)
class LaneView:
    """A row of the table. Texts are empty where there is nothing to say yet."""

    position: int
    name: str
    variant: str
    server: str
    family: str
    letter: str
    concurrency: str
    requests: str = ""
    makespan: str = ""
    achieved: str = ""
    ratio: str = ""
    p50: str = ""
    p95: str = ""
    service_p95: str = ""
    errors: str = ""
    neighbour: str = ""
    peak_threads: str = ""
    rss: str = ""
    cpu_per_request: str = ""
    command: str = ""
    xray_url: str = ""

    @property
    def table(self) -> str:
        """What the table of its waterfall is called in an address."""
        return f"lane-{self.position}"


def rows_of(run: Run, lanes: Sequence[RunLane], report: Report | None) -> list[LaneView]:
    """A row for each lane; without a report there is nothing in it yet."""
    if not report:
        return [_row(run, lane, {}) for lane in lanes]
    return [
        _row(run, lane, {**_numbers(one), "ratio": _ratio(report, one["lane"], ratio)})
        for lane, one, ratio in zip(lanes, report["lanes"], first_look(report), strict=True)
    ]


def rows_within(
    run: Run, lanes: Sequence[RunLane], collected: Sequence[Lane], stretch: Stretch
) -> list[LaneView]:
    """A row for each lane, of what was done in a stretch of each round that counts."""
    return [
        _row(run, lane, _numbers_within(one, stretch))
        for lane, one in zip(lanes, collected, strict=True)
    ]


def _row(run: Run, lane: RunLane, numbers: Mapping[str, str]) -> LaneView:
    variant, _, server = lane.name.partition("@")
    return LaneView(
        position=lane.position,
        name=lane.name,
        variant=variant,
        server=server,
        family=lane.family,
        letter=LETTERS[lane.position],
        concurrency=lane.concurrency,
        command=" ".join(lane.facts.get("command", [])),
        xray_url=_xray_url(run, lane),
        **numbers,
    )


def _xray_url(run: Run, lane: RunLane) -> str:
    """Where one request of the lane is seen through; nowhere for a server that is not ours."""
    if lane.facts.get("probe") is False:
        return ""
    parameters = {f"parameter_{name}": value for name, value in run.plan["parameters"].items()}
    asked = {"scenario": run.plan["scenario"], "lane": lane.name.removesuffix(TWIN), **parameters}
    return f"{reverse('xray')}?{urlencode(asked)}"


def _ratio(report: Report, lane: str, ratio: float | None) -> str:
    """The ratio to the baseline, and a word where it cannot simply be believed."""
    marked = mark(report["verdict"], lane)
    return f"{factor(ratio)} {marked}" if marked else factor(ratio)


def _numbers(report: Mapping[str, Any]) -> dict[str, str]:
    latency, side = report["latency_ms"], report["server_side"]
    own = keeps_up(report)  # else its percentiles say how long the rate lasted, and no more
    rate = report.get("rate")
    return {
        "requests": f"{report['requests']:,}",
        "makespan": seconds(median(report["makespan_s"])) if report["makespan_s"] else "–",
        "achieved": per_second(rate["achieved_rps"]) if rate else "–",
        "p50": milliseconds(latency["p50"]) if own else "–",
        "p95": milliseconds(latency["p95"]) if own else "–",
        "service_p95": milliseconds(report["service_ms"]["p95"]) if own else "–",
        "errors": _failed(report["errors"], cut_off_words(report)),
        "neighbour": milliseconds(stats.bystander_wait_ms(report)),
        "peak_threads": plain(side["peak_threads"], "{:,}"),
        "rss": plain(side["peak_rss_mb"], "{:,.0f} MB"),
        "cpu_per_request": plain(side["cpu_ms_per_request"], "{:.2f} ms"),
    }


def _numbers_within(lane: Lane, stretch: Stretch) -> dict[str, str]:
    """What can be said of a stretch: no burst ends in it, and prices are a whole run's."""
    rounds = len(set(lane.samples["round"].tolist()))
    here = within(lane, stretch)
    latency = stats.latency_ms(here)
    length_s = (stretch.to_ms - stretch.from_ms) * rounds / 1000
    achieved = per_second(int(here.ok.sum()) / length_s) if length_s > 0 else "–"
    return {
        "requests": f"{here.samples['done'].size:,}",
        "achieved": achieved,
        "p50": milliseconds(latency["p50"]),
        "p95": milliseconds(latency["p95"]),
        "service_p95": milliseconds(stats.service_ms(here)["p95"]),
        "errors": _failed(stats.errors(here)),
    }


def _failed(errors: Mapping[str, int], cut_off: str = "") -> str:
    """What failed; what Stop cut off is said beside it, since it is no failure."""
    failed = sum(errors.values())
    words = f"✕ {failed:,} ({', '.join(errors)})" if failed else "0"
    return f"{words}; {cut_off}" if cut_off else words
