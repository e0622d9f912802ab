"""What the page shows of X-rays: drawings, tables of spans, the bill, the difference of two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dashboard.project.model.scenario import Family
from dashboard.runs.xray.pair import XrayPair, experiment_without, lane_without
from dashboard.runs.xray.traced_request import XrayResult
from dashboard.web.shared.form_values import lane_names
from dashboard.web.shared.format import format_ms
from dashboard.web.shared.lane_chip import LaneChip
from dashboard.web.shared.template_context import TemplateContext
from dashboard.wire.traces.xray import CalledBy, RanAs, SpanJson, XrayResultJson

from .jobs import xray_store
from .picture import Picture, picture
from .time_axis import axis_of


@dataclass(frozen=True)
class SpanRow:
    """A span as a row of the table; `wait` is empty unless it is behind a hop."""

    kind: str
    name: str
    thread: str
    start: str
    length: str
    wait: str


@dataclass(frozen=True)
class XrayView:
    """One X-ray: its drawing and its spans."""

    number: str
    family: Family
    result: XrayResultJson
    picture: Picture
    hop_cost: str
    length: str
    rows: list[SpanRow]


@dataclass(frozen=True)
class PartRow:
    """A part of a request in both lanes, and the difference."""

    part: str
    first: str
    second: str
    change: str


@dataclass(frozen=True)
class PairView:
    """The difference of two X-rays; `n` are the traced requests of each lane."""

    sentence: str
    warnings: list[str]
    left_out: str
    outcome: str
    lanes: list[LaneChip]
    rows: list[PartRow]
    alike: int
    n: list[int]
    burst: str


@dataclass(frozen=True)
class BillRow:
    """An entry of the middleware's bill.

    `lane` leaves it out; `tried` is the X-ray of that lane, empty if there is none, and `outcome`
    what it showed, empty if it failed.
    """

    name: str
    path: str
    kind: CalledBy
    ran_as: RanAs
    hops: int
    queries: int
    own: str
    lane: str
    outcome: str
    tried: str


def shown_single(number: str, result: XrayResult, *, to_scale: bool) -> TemplateContext:
    """Return what the template shows of one X-ray."""
    return {
        "title": f"X-ray of {result.subject.lane}",
        "xrays": [_drawn(number, result, [result], to_scale=to_scale)],
        "to_scale": to_scale,
        **_experiments(number, result),
    }


def shown_pair(numbers: tuple[str, str], pair: XrayPair, *, to_scale: bool) -> TemplateContext:
    """Return what the template shows of two X-rays: both on one axis, and their difference."""
    results = [pair.first, pair.second]
    return {
        "title": f"X-rays of {pair.first.subject.lane} and {pair.second.subject.lane}",
        "pair": _difference(pair),
        "xrays": [
            _drawn(number, result, results, to_scale=to_scale)
            for number, result in zip(numbers, results, strict=True)
        ],
        "to_scale": to_scale,
        **_experiments(numbers[0], pair.first),
    }


def _drawn(
    number: str, result: XrayResult, on_one_axis: Sequence[XrayResult], *, to_scale: bool
) -> XrayView:
    data = result.to_json()
    axis = axis_of(*(each.xray for each in on_one_axis), to_scale=to_scale)
    return XrayView(
        number=number,
        family=result.subject.variant.family,
        result=data,
        picture=picture(result.xray, axis),
        hop_cost=format_ms(data["hop_cost_ms"]),
        length=format_ms(data["length_ms"]),
        rows=[_span_row(data, span) for span in data["spans"]],
    )


def _span_row(data: XrayResultJson, span: SpanJson) -> SpanRow:
    length_ms = span["length_ms"]
    return SpanRow(
        kind=span["kind"],
        name=span["name"],
        thread=data["threads"][span["thread"]]["name"],
        start=format_ms(span["start_ms"]),
        length="unfinished" if length_ms is None else format_ms(length_ms),
        wait=format_ms(span["hop"]["wait_ms"]) if span["hop"] else "",
    )


def _difference(pair: XrayPair) -> PairView:
    """Return the table of differences, and what is said about it."""
    return PairView(
        sentence=pair.sentence,
        warnings=pair.warnings,
        left_out=" and ".join(pair.left_out),
        outcome=pair.outcome,
        lanes=[
            LaneChip(str(subject.lane), subject.variant.family)
            for subject in (pair.first.subject, pair.second.subject)
        ],
        rows=[PartRow(*row) for row in pair.difference.rows],
        alike=pair.difference.alike,
        n=[len(lengths) for lengths in pair.difference.lengths_ns],
        burst=pair.burst,
    )


def _experiments(number: str, result: XrayResult) -> TemplateContext:
    """Return the middleware's bill, and what can be laid beside an X-ray."""
    subject = result.subject
    scenario = subject.project.scenarios[subject.scenario]
    lanes = [name for name in lane_names(subject.project, scenario) if name != str(subject.lane)]
    return {
        "base": {"number": number, "lane": str(subject.lane), "family": subject.variant.family},
        "bill": list(_bill_rows(number, result)),
        "bill_n": max((len(entry.own_ns) for entry in result.bill), default=0),
        "has_sync_only": any(entry.kind == "sync only" for entry in result.bill),
        "other_lanes": lanes,
    }


def _bill_rows(number: str, result: XrayResult) -> Iterator[BillRow]:
    jobs = xray_store.beside(number)
    pairs = {
        other: XrayPair(result, job.result, job.again) for other, job in jobs.items() if job.result
    }
    failed = {str(job.subject.lane): other for other, job in jobs.items() if job.problem}
    for entry in result.bill:
        lane = str(lane_without(result.subject.lane, [entry.name]))
        tried = experiment_without(entry.path, pairs)
        yield BillRow(
            name=entry.name,
            path=entry.path,
            kind=entry.kind,
            ran_as=entry.ran_as,
            hops=entry.cost.hops,
            queries=entry.cost.queries,
            own=format_ms(entry.own_ms),
            lane=lane,
            outcome=pairs[tried].outcome if tried else "",
            tried=tried or failed.get(lane, ""),
        )
