"""What the drafted views are fired at: an inspected project, or a target that runs already."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dashboard.targets.onboarding.draft.pairing import ScenarioDraft
from dashboard.targets.onboarding.draft.project_section import project_section
from dashboard.targets.onboarding.draft.server_choice import lanes
from dashboard.targets.onboarding.draft.toml_text import toml_string
from dashboard.targets.onboarding.inspection import Inspection

from .views import View


@dataclass(frozen=True)
class NamedView:
    """A view with its scenario's name, and the file of its rows; empty without."""

    name: str
    view: View
    rows_file: str

    @property
    def family(self) -> str:
        """The family of its code, a guess without the project's routes."""
        return self.view.route.family if self.view.route else "sync"


@dataclass(frozen=True)
class Destination:
    """What is fired at: an inspected project, or a target that runs already at `url`."""

    url: str
    inspection: Inspection | None = None

    def section(self, location: Path) -> str:
        """Return [project]."""
        if self.inspection is not None:
            return project_section(self.inspection, location)
        return (
            '[project]\nname = "traffic"\n'
            f"url = {toml_string(self.url)} # runs already; with PATH, it would be a project\n"
        )

    def lanes(self, named: NamedView) -> list[str]:
        """Return the lanes of a scenario."""
        if self.inspection is None or named.view.route is None:
            return [f"{named.family}@running"]
        scenario = ScenarioDraft(named.name, (named.view.route,))
        return list(lanes(scenario, self.inspection))

    def headers(self, view: View) -> str:
        """Return the line with headers that each request needs; empty if it needs none."""
        headers = {"Content-Type": view.content_type} if view.content_type else {}
        if self.inspection is not None and self.inspection.refuses_loopback:
            headers["Host"] = self.inspection.allowed_host
        pairs = ", ".join(
            f"{toml_string(name)} = {toml_string(value)}" for name, value in headers.items()
        )
        return f"headers = {{ {pairs} }}" if pairs else ""
