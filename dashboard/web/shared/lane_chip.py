"""A lane's name in the colour of its family, as a page shows it."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.project.model.scenario import Family


@dataclass(frozen=True)
class LaneChip:
    """A lane's name, and the family that it is of."""

    name: str
    family: Family
