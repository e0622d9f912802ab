"""Computes a run's report from its stored frames."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from threading import Lock

from asgiref.sync import sync_to_async

from dashboard.analysis.lane.config import Executor, LaneConfig
from dashboard.analysis.report.report import ReportContext, report_of_lanes
from dashboard.analysis.samples.cut_off import counted_lanes
from dashboard.analysis.samples.lane_samples import Lane, collect, collect_frames
from dashboard.analysis.samples.lateness import Lateness
from dashboard.analysis.samples.resource_use import BystanderRequestCost
from dashboard.analysis.samples.rounds import smallest_medians_ms
from dashboard.models import Run, RunLane, StoredFrame
from dashboard.wire.frame import WARM_UP_ROUND, Frame, decode
from dashboard.wire.plan.plan import Plan, Rate
from dashboard.wire.report.report import Instrument, Report

from .instrument import (
    Reading,
    busy_machine_warning,
    saturated_at,
    saturation,
    total_steal_percent,
    why_discarded,
)
from .offered_rate import Rates
from .samples import sampled_lanes

# The last live report and the final one would hold a million samples twice.
_one_at_a_time = Lock()


def frames_of(run: str, begin: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
    """Yield the stored frames of a run from `begin` to before `end`, with their numbers."""
    frames = StoredFrame.objects.filter(run=run, sequence__gte=begin)
    if end is not None:
        frames = frames.filter(sequence__lt=end)
    for sequence, data in frames.values_list("sequence", "data").iterator(chunk_size=10):
        yield sequence, bytes(data)


def report_of(run: Run) -> Report:
    """Return the run's report, computed from what is stored; one at a time in this process."""
    with _one_at_a_time:
        return _report_of(run)


def _report_of(run: Run) -> Report:
    plan, stored = Plan.from_json(run.plan), list(run.lanes.all())
    rates = Rates(plan.load) if isinstance(plan.load, Rate) else None
    lanes = collect_frames(_frames(run, rates), len(stored), run.discarded_rounds)
    whole = counted_lanes(lanes, plan.load.requests, run.status)
    readings = _counted_readings(run, whole.uncounted)
    medians_ms = smallest_medians_ms(whole.lanes)
    names = [lane.name for lane in stored]
    saturated = saturation(readings, names, medians_ms)
    context = ReportContext(
        run.pk,
        run.status,
        run.environment,
        warnings=[*run.warnings, *saturated, *busy_machine_warning(run.environment)],
        discarded={number: why_discarded(of) for number, of in _discarded(run)},
        instrument=instrument_of(run, readings, saturated=bool(saturated)),
        no_verdict_reason=run.spoiled or None,
        faults={lane.name: lane.facts["fault"] for lane in stored if "fault" in lane.facts},
        disturbed_reason=next(iter(saturated), None),
        disturbed_at=saturated_at(readings, names, medians_ms),
        lateness=[_lateness(lane, readings) for lane in stored],
        configs=[_config(run, lane, readings) for lane in stored],
        rates=[rates.of(lane.position, whole.uncounted) if rates else None for lane in stored],
        until_sure=plan.until_sure,
        margin=plan.margin,
        control=plan.control,
        where=sampled_lanes(run),
    )
    report = report_of_lanes(plan, context, lanes)
    for lane, stored_lane in zip(report["lanes"], stored, strict=True):
        facts = stored_lane.facts.copy()
        facts.pop("answers", None)  # which are elsewhere in the lane's report
        lane["target"] = facts or None
    return report


def lanes_of(run: Run, *, discarded: bool = False) -> list[Lane]:
    """Return the samples of each lane, in the order of the plan.

    Of all rounds with `discarded`, else of those that count.
    """
    frames = (data for _, data in frames_of(run.pk))
    if discarded:
        return collect(frames, run.lanes.count())
    lanes = collect(frames, run.lanes.count(), run.discarded_rounds)
    return counted_lanes(lanes, Plan.from_json(run.plan).load.requests, run.status).lanes


def _frames(run: Run, rates: Rates | None) -> Iterator[Frame]:
    """Yield the stored frames; those that count are also added to `rates`."""
    for _, data in frames_of(run.pk):
        frame = decode(data)
        if rates and frame.round not in run.discarded_rounds:
            rates.take(frame)
        yield frame


def _config(run: Run, lane: RunLane, readings: Sequence[Reading]) -> LaneConfig:
    """Return how the lane's target was configured, as far as the analysis depends on it."""
    executor, xray = lane.facts.get("executor"), lane.facts.get("xray")
    own = [reading for reading in readings if reading.lane == lane.position and reading.target_s]
    return LaneConfig(
        processes=lane.facts.get("processes") or 1,
        threads=lane.facts.get("threads"),
        cores=len(lane.facts.get("cores", ())) or None,
        capacity=lane.capacity,
        wait_s=lane.wait_s,
        busy_s=sum(reading.target_busy_s or 0 for reading in own) if own else None,
        cores_s=sum(reading.target_s or 0 for reading in own) if own else None,
        executor=Executor(**executor) if executor else None,
        answers=lane.facts.get("answers", ()),
        connections=lane.facts.get("connections", ()),
        bystander_cost=BystanderRequestCost.from_json(lane.facts.get("neighbour_cost")),
        serialised=xray["serialised"] if xray else None,
        queries=xray["queries"] if xray else None,
    )


def _lateness(lane: RunLane, readings: Sequence[Reading]) -> dict[int, Lateness]:
    """Return how late the engine was at this lane, by round, where known."""
    own = (reading for reading in readings if reading.lane == lane.position)
    return {reading.round: lateness for reading in own if (lateness := reading.lateness)}


def _counted_readings(run: Run, uncounted: Collection[int]) -> list[Reading]:
    """Return the readings of the firings that count: no warm-up, discarded or partial round."""
    not_counted = {WARM_UP_ROUND, *run.discarded_rounds, *uncounted}
    return [reading for reading in _readings(run) if reading.round not in not_counted]


def _discarded(run: Run) -> Iterator[tuple[int, list[Reading]]]:
    """Yield the numbers of the discarded rounds, each with its readings."""
    readings = _readings(run)
    for number in run.discarded_rounds:
        yield number, [reading for reading in readings if reading.round == number]


def _readings(run: Run) -> list[Reading]:
    return [Reading.from_json(stored.data) for stored in run.readings.all()]


def instrument_of(run: Run, readings: Sequence[Reading], *, saturated: bool) -> Instrument:
    """Return the load generator's calibration and whether it disturbed the run, for the JSON."""
    return {
        "floor_ms": run.floor_ms,
        "limit_rps": run.limit_rps,
        "saturated": saturated if readings else None,
        "steal_percent": total_steal_percent(readings),
    }


report_on = sync_to_async(report_of)
