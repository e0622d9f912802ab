"""How many rounds a run until certain may fire within a limit of time.

Rounds that no look will use are not fired: after the third round and after each look, a run goes on
only if it can be expected to reach the next look within its limit. Time alone decides that.
"""

from __future__ import annotations

from dashboard.analysis.inference.comparison import LOOKS
from dashboard.wire.plan.plan import Plan

FIRST_ROUNDS = 3  # fired in any case, for a first look
LIMIT_S = 12.0  # of a run whose number of rounds was left open on the page
OVERDUE = 2.0  # times the limit, beyond which a run ends between two looks


def next_look(counted: int, most: int) -> int | None:
    """Return the number of rounds at the next look; None after the last that `most` allows."""
    return next((look for look in LOOKS if counted < look <= most), None)


def goes_on(plan: Plan, counted: int, round_s: float, spent_s: float) -> bool:
    """Return True if another round is worth its time.

    `counted` rounds of `round_s` each were fired, the ones after the third in `spent_s`.
    """
    if plan.limit_s is None or counted < FIRST_ROUNDS:
        return True
    if counted != FIRST_ROUNDS and counted not in LOOKS:
        return spent_s <= OVERDUE * plan.limit_s
    look = next_look(counted, plan.rounds)
    return look is not None and spent_s + (look - counted) * round_s <= plan.limit_s


def most_repeats(plan: Plan, counted: int) -> int:
    """Return how many disturbed rounds may be repeated when so many rounds were counted."""
    return plan.rounds if plan.limit_s is None else max(FIRST_ROUNDS, counted)


def fewest_and_most(plan: Plan, round_s: float) -> tuple[int, int]:
    """Return how many rounds of this length are fired: if the first look decides, if none does."""
    if not plan.until_sure:
        return plan.rounds, plan.rounds
    counted = FIRST_ROUNDS
    fewest: int | None = None
    while (look := next_look(counted, plan.rounds)) is not None:
        if not goes_on(plan, counted, round_s, (counted - FIRST_ROUNDS) * round_s):
            break
        counted = look
        fewest = fewest or counted
    return fewest or counted, counted
