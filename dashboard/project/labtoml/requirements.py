"""Reading [requirement.NAME] of a lab.toml, and which variants have it."""

from __future__ import annotations

from dashboard.project.model.requirement import Requirement
from dashboard.project.project import Project

from .table import Table

VARIABLE = r"[A-Za-z_]\w*"


def read_requirement(name: str, table: Table) -> Requirement:
    """What some variants need, and the variable that says where it is."""
    variable = table.text(
        "variable", pattern=VARIABLE, expected="the name of a variable of the environment"
    )
    table.finish()
    return Requirement(name, variable)


def check_requirements(project: Project, file: Table) -> None:
    """A variant can have a requirement only where the file says what that is."""
    for scenario in project.scenarios.values():
        for variant in scenario.variants.values():
            for name in variant.requires:
                if name not in project.requirements:
                    key = f"scenario.{scenario.name}.variant.{variant.name}.requires"
                    file.complain(key, f"expected [requirement.{name}] to say what that is")
