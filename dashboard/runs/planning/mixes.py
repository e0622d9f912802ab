"""The mixes of a project, by name, and what they make of the scenarios' shares of the traffic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from dashboard.project.model.scenario import Scenario
from dashboard.project.project import Project
from dashboard.wire.errors import InvalidPlan, Problem


def mix_named(project: Project, name: str, field: str) -> Scenario:
    """Return the mix of that name; raises InvalidPlan for the field if there is none."""
    mixes = {each.name: each for each in project.scenarios.values() if each.mix}
    if name not in mixes:
        expected = (
            f"expected a mix, one of {', '.join(mixes)}" if mixes else "expected a [mix.NAME]"
        )
        raise InvalidPlan(Problem(field, f"{expected}, found {name!r}"))
    return mixes[name]


def shares_of(mix: Scenario) -> Mapping[str, float]:
    """Return the share of each scenario whose views are in a mix; together they are 1."""
    total, shares = sum(mix.mix.values()), defaultdict[str, float](float)
    for view, weight in mix.mix.items():
        shares[view.partition(".")[0]] += weight / total
    return dict(shares)
