"""The rows of the results table, one per lane: of a whole report or a stretch of each round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from urllib.parse import urlencode

from django.urls import reverse

from dashboard.analysis.report.report import Report, first_look
from dashboard.analysis.samples import bystander, stats
from dashboard.analysis.samples.lane_samples import Lane
from dashboard.analysis.samples.window import Stretch, within
from dashboard.analysis.text.lane_texts import connections_text
from dashboard.analysis.text.numbers import with_ends
from dashboard.analysis.text.verdict.disturbed import mark
from dashboard.models import Run, RunLane
from dashboard.runs.reports.wording import keeps_up, per_second
from dashboard.web.shared.format import LETTERS, UNKNOWN, format_ms, format_number, format_s
from dashboard.wire.plan.plan import TWIN
from dashboard.wire.report.lanes import LaneReport
from dashboard.wire.units import MS_PER_S

ALIKE = 1.05  # of two ratios


@dataclass(frozen=True)
class LaneView:
    """A row of the table. A text is empty until its value is known."""

    position: int
    name: str
    variant: str
    server: str
    family: str
    letter: str
    concurrency: str
    requests: str = ""
    total_time: str = ""
    achieved: str = ""
    ratio: str = ""
    doubt: str = ""  # why the ratio is in doubt; empty: it is not
    p50: str = ""
    p95: str = ""
    service_p95: str = ""
    errors: str = ""
    bystander: str = ""
    peak_threads: str = ""
    connections: str = ""
    rss: str = ""
    cpu_per_request: str = ""
    command: str = ""
    xray_url: str = ""

    @property
    def table(self) -> str:
        """The name of its waterfall's table in a URL."""
        return f"lane-{self.position}"


def rows_of(run: Run, lanes: Sequence[RunLane], report: Report | None) -> list[LaneView]:
    """Return a row per lane; the rows are empty without a report."""
    if not report:
        return [_row(run, lane, {}) for lane in lanes]
    return [
        _row(run, lane, {**_numbers(numbers), **_compared(report, lane.name, ratio)})
        for lane, numbers, ratio in zip(lanes, report["lanes"], first_look(report), strict=True)
    ]


def rows_within(
    run: Run, lanes: Sequence[RunLane], collected: Sequence[Lane], stretch: Stretch
) -> list[LaneView]:
    """Return a row per lane, of the requests finished in a stretch of each counted round."""
    return [
        _row(run, lane, _numbers_within(samples, stretch))
        for lane, samples in zip(lanes, collected, strict=True)
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
        connections=connections_text(lane.facts),
        command=" ".join(lane.facts.get("command", [])),
        xray_url=_xray_url(run, lane),
        **numbers,
    )


def _xray_url(run: Run, lane: RunLane) -> str:
    """Return the address of the lane's X-ray; empty for a mix, whose requests are of many kinds.

    Empty also for a server that Liveburst did not start.
    """
    if lane.facts.get("probe") is False or run.plan.get("mix"):
        return ""
    parameters = {f"parameter_{name}": value for name, value in run.plan["parameters"].items()}
    query = {"scenario": run.plan["scenario"], "lane": lane.name.removesuffix(TWIN), **parameters}
    return f"{reverse('xray')}?{urlencode(query)}"


def _compared(report: Report, lane: str, ratio: float | None) -> dict[str, str]:
    return {"ratio": _ratio(report, lane, ratio), "doubt": mark(report["verdict"], lane)}


def _ratio(report: Report, lane: str, ratio: float | None) -> str:
    """Return "7.3× faster" or "1.9× as long" as the baseline."""
    verdict = report["verdict"]
    if ratio is None or verdict is None:
        return UNKNOWN
    if lane == verdict["baseline"]:
        return "baseline"
    intervals = {each["lane"]: each["interval"] for each in verdict["comparisons"]}
    text, _ = with_ends(ratio, intervals.get(lane))
    return text


def medians_differ(report: Report) -> bool:
    """Return True if some ratio by rounds differs visibly from that of the median total times."""
    medians = [median(lane["makespan_s"]) if lane["makespan_s"] else 0 for lane in report["lanes"]]
    return any(
        ratio and first and of_lane and not 1 / ALIKE <= ratio * first / of_lane <= ALIKE
        for ratio, of_lane in zip(first_look(report), medians, strict=True)
        for first in medians[:1]
    )


def _numbers(report: LaneReport) -> dict[str, str]:
    latency, side = report["latency_ms"], report["server_side"]
    # Percentiles of a lane that falls behind depend on the duration of the rate.
    own = keeps_up(report)
    rate = report.get("rate")
    return {
        "requests": f"{report['requests']:,}",
        "total_time": format_s(median(report["makespan_s"])) if report["makespan_s"] else "–",
        "achieved": per_second(rate["achieved_rps"]) if rate else "–",
        "p50": format_ms(latency["p50"]) if own else "–",
        "p95": format_ms(latency["p95"]) if own else "–",
        "service_p95": format_ms(report["service_ms"]["p95"]) if own else "–",
        "errors": _failed(report["errors"], (report.get("partial") or {"cut_off": 0})["cut_off"]),
        "bystander": format_ms(bystander.bystander_wait_ms(report)),
        "peak_threads": format_number(side["peak_threads"], "{:,}"),
        "rss": format_number(side["peak_rss_mb"], "{:,.0f} MiB"),
        "cpu_per_request": format_ms(side["cpu_ms_per_request"]),
    }


def _numbers_within(lane: Lane, stretch: Stretch) -> dict[str, str]:
    """Return what a stretch has numbers for: no total time, and no resources."""
    rounds = len(set(lane.samples["round"].tolist()))
    selected = within(lane, stretch)
    latency = stats.latency_ms(selected)
    length_s = (stretch.to_ms - stretch.from_ms) * rounds / MS_PER_S
    achieved = per_second(int(selected.ok.sum()) / length_s) if length_s > 0 else "–"
    return {
        "requests": f"{selected.samples['done'].size:,}",
        "achieved": achieved,
        "p50": format_ms(latency["p50"]),
        "p95": format_ms(latency["p95"]),
        "service_p95": format_ms(stats.service_ms(selected)["p95"]),
        "errors": _failed(stats.errors(selected)),
    }


def _failed(errors: Mapping[str, int], cut_off: int = 0) -> str:
    """Return how many requests failed and why; those cut off by Stop follow, as no failures.

    A warning below the table has the rest of the round that was cut off.
    """
    failed = sum(errors.values())
    text = f"✕ {failed:,} ({', '.join(errors)})" if failed else "0"
    return f"{text}; {cut_off:,} cut off" if cut_off else text
