"""How much is fired at a view: enough to be steady, and about a second at a time."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.wire.plan.plan import Burst

ALONE_REQUESTS, ALONE_ROUNDS = 7, 3  # 21 in all: the fewest with a p95
LOADED_ROUNDS = 2
FIRING_S = 1.0  # how long a firing is to take, if a few requests for each slot are enough for that
MOST_WAVES = 10  # how often each slot is used
COMPARED_LANES = 3  # today's, and two others


def burst_of(concurrency: int, throughput_rps: float) -> Burst:
    """Return a burst in which every slot is used equally often, of about a second."""
    waves = round(throughput_rps * FIRING_S / concurrency)
    return Burst(concurrency * min(MOST_WAVES, max(1, waves)), concurrency)


def most_requests(levels: Sequence[int], rounds: int) -> int:
    """Return the most requests that are fired at one view."""
    loaded = LOADED_ROUNDS * sum(levels[1:])
    compared = COMPARED_LANES * rounds * levels[-1]
    return ALONE_REQUESTS * ALONE_ROUNDS + MOST_WAVES * (loaded + compared)
