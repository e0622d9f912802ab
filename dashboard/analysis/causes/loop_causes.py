"""The cause `loop-blocked`: something held the event loop, and other requests waited for it."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.analysis.lane import series
from dashboard.analysis.samples.loop_holds import AROUND, OTHER, VIEW
from dashboard.wire.report.causes import LoopBlocked
from dashboard.wire.report.evidence import LoopBlockedEvidence

from .attribution import Gap
from .cause import cpu_is_limit

HEARTBEAT_MS = 10.0  # of the loop; a shorter hold cannot be detected
HELD_SHARE_OF_VIEW = 0.5  # of the time in all views; below it, the view mostly awaits something


def loop_blocked(gap: Gap) -> LoopBlocked | None:
    """Return `loop-blocked` with the holder that explains most of the gap."""
    slow = gap.slow
    if (slow.concurrency.peak_in_app or 0) < 2 or cpu_is_limit(slow):
        return None
    causes = [cause for find in _HOLDERS if (cause := find(gap)) is not None]
    return max(causes, key=lambda cause: cause["share"] or 0, default=None)


def _by_view(gap: Gap) -> LoopBlocked | None:
    """A view is the holder if it held the loop for most of its own time, and for no longer."""
    slow, held, view_ms = gap.slow, gap.slow.loop.holds.get(VIEW), gap.slow.times.view_p50_ms
    if held is None or view_ms is None or slow.concurrency.peak_in_view != 1:
        return None
    longest_ms = min(held.longest_ms, slow.times.view_max_ms or 0)
    if longest_ms <= max(HEARTBEAT_MS, view_ms / 2):
        return None
    if held.sum_s < HELD_SHARE_OF_VIEW * slow.times.all_views_s:
        return None
    return _blocked(gap, VIEW, longest_ms, gap.by_concurrency)


def _by_views_in_turn(gap: Gap) -> LoopBlocked | None:
    """Views that await something first are in the view together, and hold the loop in turn."""
    slow, held = gap.slow, gap.slow.loop.holds.get(VIEW)
    if held is None or (slow.concurrency.peak_in_view or 0) < 2:
        return None
    if not _holds_per_request(gap, VIEW):
        return None
    return _blocked(gap, VIEW, held.longest_ms, gap.by_holder(VIEW))


def _around_view(gap: Gap) -> LoopBlocked | None:
    held = gap.slow.loop.holds.get(AROUND)
    if held is None or not _holds_per_request(gap, AROUND):
        return None
    return _blocked(gap, AROUND, held.longest_ms, gap.by_holder(AROUND))


def _holds_per_request(gap: Gap, holder: str) -> bool:
    """Return False if the loop was hardly held, or in a single pause."""
    loop = gap.slow.loop
    return (
        loop.holds[holder].longest_ms > HEARTBEAT_MS
        and loop.ms_per_request(holder) >= HEARTBEAT_MS / 2
    )


def _outside_requests(gap: Gap) -> LoopBlocked | None:
    held = gap.slow.loop.holds.get(OTHER)
    if held is None or held.longest_ms <= 2 * HEARTBEAT_MS:
        return None
    return _blocked(gap, OTHER, held.longest_ms, gap.by_holder(OTHER))


def _unknown_holder(gap: Gap) -> LoopBlocked | None:
    """For a run whose probe did not report the holder."""
    slow, held, view_ms = gap.slow, gap.slow.loop.longest_ms, gap.slow.times.view_p50_ms
    if slow.loop.holds or held is None or view_ms is None or slow.concurrency.peak_in_view != 1:
        return None
    if held <= max(HEARTBEAT_MS, view_ms / 2):
        return None
    return _blocked(gap, None, held, gap.by_concurrency)


def _blocked(gap: Gap, holder: str | None, longest_ms: float, share: float | None) -> LoopBlocked:
    slow = gap.slow
    limit_ms = slow.times.view_p50_ms if holder in {VIEW, None} else None
    evidence: LoopBlockedEvidence = {
        "holder": holder,
        "peak_in_app": slow.concurrency.peak_in_app,
        "peak_in_view": slow.concurrency.peak_in_view,
        "loop_held_ms_max": longest_ms,
        "held_ms_per_request": None if holder is None else slow.loop.ms_per_request(holder),
        "view_ms_p50": slow.times.view_p50_ms,
        "course": series.loop_held(slow, limit_ms),
    }
    return {"name": "loop-blocked", "lane": slow.name, "share": share, "evidence": evidence}


_HOLDERS: tuple[Callable[[Gap], LoopBlocked | None], ...] = (
    _by_view,
    _by_views_in_turn,
    _around_view,
    _outside_requests,
    _unknown_holder,
)
