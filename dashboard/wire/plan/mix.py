"""A mix: requests to several views as one load, and which request of a firing is to which view.

The assignment follows from the weights, the number of requests and the seed alone: load generator
and analysis compute it each for themselves, so a sample needs no column for its view.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

MAX_VIEWS = 64


@dataclass(frozen=True)
class MixedView:
    """One view of a mix in a firing: what its requests are, one after another, from the first on.

    `requests` are pairs of path and body; after the last comes the first again.
    """

    weight: float
    method: str
    headers: tuple[tuple[str, str], ...]
    requests: tuple[tuple[str, str], ...]


@lru_cache(maxsize=64)
def assignment(weights: tuple[float, ...], requests: int, seed: int) -> array[int]:
    """Return for each request of a firing the number of its view.

    The number of each view's requests differs from its share by less than one, and is its share on
    average over the seeds (systematic sampling); their order is random. So the arrivals of a view
    under a Poisson load are a Poisson process, too, but for the number of its requests.
    """
    random = Random(f"mix {seed}")  # nosec B311 # noqa: S311 - repeatable, not a secret
    order = array("H")
    for view, number in enumerate(_counts(weights, requests, random.random())):
        order.extend([view] * number)
    random.shuffle(order)
    return order


def _counts(weights: Sequence[float], requests: int, offset: float) -> list[int]:
    """Return how many of the requests each view has; all of them together."""
    total = sum(weights)
    counts, below, position = [], 0, 0.0
    for weight in weights[:-1]:
        position += weight / total * requests
        end = min(requests, max(below, int(position + offset)))
        counts.append(end - below)
        below = end
    return [*counts, requests - below]


def places(order: Sequence[int], lengths: Sequence[int]) -> array[int]:
    """Return for each request the place of what it sends, in all views' requests in a row.

    `lengths` are the numbers of different requests of each view, which take turns.
    """
    begins = [sum(lengths[:view]) for view in range(len(lengths))]
    sent = [0] * len(lengths)
    result = array("I")
    for view in order:
        result.append(begins[view] + sent[view] % lengths[view])
        sent[view] += 1
    return result
