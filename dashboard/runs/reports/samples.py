"""What the sampled firings of a run showed, as it is stored beside its lanes."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.models import LaneSamples, Run, RunLane
from dashboard.wire.report.where import LaneWhere, WhereReport


def where_of(run: Run) -> WhereReport | None:
    """Return the sampled firings of a run, in the order of its lanes; None if there was none.

    Of a run from `masked_run` they are masked, too.
    """
    report: WhereReport = {"lanes": [], "missing": {}}
    for lane, samples in lanes_with_samples(run):
        if samples.where is None:
            report["missing"][lane.name] = samples.missing
        else:
            report["lanes"].append(samples.where)
    return report if report["lanes"] or report["missing"] else None


def sampled_lanes(run: Run) -> dict[str, LaneWhere]:
    """Return where the lanes that were sampled spent their time, by name."""
    return {
        lane.name: samples.where
        for lane, samples in lanes_with_samples(run)
        if samples.where is not None
    }


def lanes_with_samples(run: Run) -> Iterator[tuple[RunLane, LaneSamples]]:
    """Yield the lanes for which something is stored of a sampled firing."""
    for lane in run.lanes.all():
        try:
            samples = lane.samples
        except LaneSamples.DoesNotExist:
            continue
        yield lane, samples
