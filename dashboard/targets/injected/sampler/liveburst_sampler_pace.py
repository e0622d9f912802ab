"""Keeps the sampler cheap: when it looks again, and at how many requests it looks.

A look keeps the GIL, so the process computes nothing meanwhile. While all of its threads wait, that
costs a request at most the length of one look. While they compute, all that looks take is added to
the total time; there they get a hundredth of it. Before, a look at 100 tasks took about 3 ms (by
estimate) and came every 5 ms until the CPU time of the last 0.2 s was known, which is longer than
many bursts: a wait in an event loop took 1.12 times as long.

Part of the probe: standard library alone, Python 3.9.
"""

from __future__ import annotations

MOST_SHARE = 0.05  # of the time, while nothing computes
MOST_BUSY_SHARE = 0.01  # of the time in which the process computes
LOOK_NS = 200_000  # what a look should take at most; one with few requests and threads takes half
MOST_VISITS = 64  # that a look meets
VISIT_NS = 50_000  # what looking at one request takes, until that has been measured
LONGEST_NS = 250_000_000
NEW_WEIGHT = 1 / 8  # of the last look in an average
FLUSH_NS = 200_000_000  # between two lines of the file
LONGEST_FLUSH_NS = 1_000_000_000  # the end of a firing is waited for as long
FLUSH_SHARE = 0.01  # of the time


def next_interval_ns(shortest_ns: int, held_ns: float, busy: float) -> int:
    """Return the time to the next look, if looks hold the GIL for so long on average.

    `busy` is the part of the time in which the process's threads computed, 0 to 1.
    """
    wanted_ns = max(held_ns / MOST_SHARE, held_ns * busy / MOST_BUSY_SHARE)
    return max(shortest_ns, int(min(wanted_ns, LONGEST_NS)))


def flush_after_ns(took_ns: int) -> int:
    """Return the time from one line to the next, if writing a line took so long."""
    return int(min(max(took_ns / FLUSH_SHARE, FLUSH_NS), LONGEST_FLUSH_NS))


class Pace:
    """The interval, and the number of requests at a look, by what the looks before have cost."""

    def __init__(self, shortest_ns: int) -> None:
        self.shortest_ns = self.interval_ns = shortest_ns
        # By a look that met a request, on average. Not that of the first one alone, which meets
        # every frame for the first time: it takes ten times as long.
        self.held_ns = LOOK_NS / 2
        self.visit_ns = float(VISIT_NS)

    @property
    def visits(self) -> int:
        """How many requests the next look may meet beside those that run."""
        return min(max(int(LOOK_NS / max(self.visit_ns, 1.0)), 1), MOST_VISITS)

    def note(self, held_ns: int, cpu_ns: int, visits: int, busy: float) -> None:
        """Note what a look has cost; one that met no request costs nearly nothing.

        `cpu_ns` is its CPU time: a look that lost its core holds the GIL for longer, but would not
        be cheaper with fewer requests.
        """
        if visits == 0:
            self.interval_ns = self.shortest_ns
            return
        self.held_ns += (held_ns - self.held_ns) * NEW_WEIGHT
        self.visit_ns += (cpu_ns / visits - self.visit_ns) * NEW_WEIGHT
        self.interval_ns = next_interval_ns(self.shortest_ns, self.held_ns, busy)
