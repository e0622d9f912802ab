"""Keeps the sampler cheap: when it looks again, at how many requests, and which are followed.

A look keeps the GIL, so the process computes nothing meanwhile. While all of its threads wait, that
costs a request at most the length of one look. While they compute, all that looks take is added to
the total time; there they get a hundredth of it. Before, a look at 100 tasks took about 3 ms (by
estimate) and came every 5 ms until the CPU time of the last 0.2 s was known, which is longer than
many bursts: a wait in an event loop took 1.12 times as long.

To follow a request to its tasks and threads costs that request time, however rarely it is looked
at. So of many at once only some are followed (`Draw`). What was not done for a request is made up
by weight. One look, a time t after the look before, counts for a request

    t · w           if all that are followed are looked at, or it runs in an event loop
    t · Σw / m · h  if m draws are made among them: Σw is the sum over all, h how often it was drawn

where w is the number of requests that it stands for. A request is followed with a probability of
1 / w, and h is w · m / Σw on average: either way each request counts t on average, followed or not,
so the shares of lines and states are those that looks at every request would have.

Part of the probe: standard library alone, Python 3.9.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

MOST_SHARE = 0.05  # of the time, while nothing computes
MOST_BUSY_SHARE = 0.01  # of the time in which the process computes
# What looking at requests should take in a look: as long as what a look takes without any (clocks,
# frames of all threads, and the event loop's stack), at least this. With less, a look beside 100
# threads, which takes longer than that without any request, met one.
VISITS_NS = 100_000
MOST_VISITS = 64  # that a look meets
# So many at once are all followed. Django starts a thread and three tasks for a request under ASGI,
# and passes it to the thread and back twice.
FOLLOWED = 16
# Beside these one of 2 is followed, one of 4 beside 8 more, and so on: of 100 at once about 25.
# With one of 4 beside 16 and one of 16 beside 32, of 200 requests a few that stood for 16 decided.
FURTHER = 8
FEWEST = 64  # at least one of so many
VISIT_NS = 50_000  # what looking at one request takes, until that has been measured
LONGEST_NS = 250_000_000
NEW_WEIGHT = 1 / 8  # of the last look in an average
FLUSH_NS = 200_000_000  # between two lines of the file
LONGEST_FLUSH_NS = 1_000_000_000  # the end of a firing is waited for longer
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


def is_flush_due(passed_ns: int, after_ns: int, *, serves: bool) -> bool:
    """Return True if a line is due, so long after the last one.

    While the process `serves` a request it costs that request time, so it waits for a second.
    """
    return passed_ns >= (LONGEST_FLUSH_NS if serves else after_ns)


def one_in(followed: int) -> int:
    """Return of how many requests the next one is drawn, beside so many that are followed."""
    if followed < FOLLOWED:
        return 1
    return min(2 << (followed - FOLLOWED) // FURTHER, FEWEST)


class Draw:
    """Decides which requests are followed: one of every so many in a row, drawn at random.

    The row is finished even if fewer are to be followed meanwhile: that depends on whether its
    request was drawn already, and another draw would count the rest twice. If more are to be
    followed, other requests have left, and it begins anew.
    """

    def __init__(self) -> None:
        self.random = Random()  # noqa: S311 - its own: the project's may have a seed
        self.length = self.left = self.turn = 0

    def weight(self, followed: int) -> int:
        """Return the number of requests that the next one stands for; 0 if it is not followed."""
        length = one_in(followed)
        if self.left <= 0 or length < self.length:
            self.length, self.left, self.turn = length, length, self.random.randrange(length)
        self.left = left = self.left - 1
        return self.length if left == self.turn else 0


def draws(weights: Sequence[int], most: int, start: float) -> Iterator[tuple[int, float]]:
    """Yield the positions that so many draws meet, each with the weight that it counts with.

    The draws are at equal distances on a line on which each position is as long as its weight, the
    first after the part `start` of a distance. What they yield adds up to the sum of the weights.
    """
    total = sum(weights)
    place, end = start, 0  # in distances, and in weight
    for position, weight in enumerate(weights):
        end += weight
        met = 0
        while place * total < end * most:
            met += 1
            place += 1
        if met:
            yield position, met * total / most


class Pace:
    """The interval, and the number of requests at a look, by what the looks before have cost."""

    def __init__(self, shortest_ns: int) -> None:
        self.shortest_ns = self.interval_ns = shortest_ns
        # By a look that met a request, on average. Not that of the first one alone, which meets
        # every frame for the first time: it takes ten times as long.
        self.held_ns = self.fixed_ns = float(VISITS_NS)
        self.visit_ns = float(VISIT_NS)

    @property
    def visits(self) -> int:
        """How many requests the next look may meet beside those that run."""
        most_ns = max(self.fixed_ns, VISITS_NS)
        return min(max(int(most_ns / max(self.visit_ns, 1.0)), 1), MOST_VISITS)

    def note(self, held_ns: int, fixed_ns: int, visits_ns: int, visits: int, busy: float) -> None:
        """Note what a look has cost; one that met no request costs nearly nothing.

        `visits_ns` is the CPU time of looking at so many requests, `fixed_ns` that of the rest: a
        look that lost its core holds the GIL for longer, but would not be cheaper with fewer.
        """
        if visits == 0:
            self.interval_ns = self.shortest_ns
            return
        self.held_ns += (held_ns - self.held_ns) * NEW_WEIGHT
        self.fixed_ns += (fixed_ns - self.fixed_ns) * NEW_WEIGHT
        self.visit_ns += (visits_ns / visits - self.visit_ns) * NEW_WEIGHT
        self.interval_ns = next_interval_ns(self.shortest_ns, self.held_ns, busy)
