"""Server and code apart: what the move to another server did, and what the other code did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from dashboard.wire.plan import Lane


@dataclass(frozen=True)
class Factor:
    """One step between two lanes that differ in one thing: the second's metric over the first's."""

    what: Literal["server", "variant"]
    begin: str
    end: str
    ratio: float

    def to_json(self) -> dict[str, Any]:
        """The factor as the report carries it."""
        return asdict(self)


def factors(lane: Lane, baseline: Lane, ratios: Mapping[Lane, float]) -> list[Factor] | None:
    """Two factors whose product is the lane's ratio, by way of a lane between the two.

    `ratios` are those of all lanes to the baseline. The way leads over the other server first,
    or else over the other code. None where the lanes differ in one thing alone, or where
    there is no lane between them.
    """
    if lane.server == baseline.server or lane.variant == baseline.variant or lane not in ratios:
        return None
    by_server = Lane(baseline.variant, lane.server)
    by_code = Lane(lane.variant, baseline.server)
    if by_server in ratios:
        return _steps("server", "variant", (baseline, by_server, lane), ratios)
    if by_code in ratios:
        return _steps("variant", "server", (baseline, by_code, lane), ratios)
    return None


def _steps(
    first: Literal["server", "variant"],
    second: Literal["server", "variant"],
    way: tuple[Lane, Lane, Lane],
    ratios: Mapping[Lane, float],
) -> list[Factor]:
    begin, between, end = way
    return [
        Factor(first, str(begin), str(between), ratios[between]),
        Factor(second, str(between), str(end), ratios[end] / ratios[between]),
    ]
