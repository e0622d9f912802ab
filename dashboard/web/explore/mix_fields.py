"""The form of a mix as its template shows it: values, choices, messages, the estimate."""

from __future__ import annotations

from dashboard.analysis.text.numbers import percent
from dashboard.project.model.scenario import Scenario
from dashboard.project.project import Project
from dashboard.runs.experiments.mix import BLOCKS
from dashboard.targets.preparation.server_packages import missing_packages
from dashboard.web.shared.template_context import TemplateContext

from .estimates import mix_estimate
from .fields import Checkbox, FormValues
from .mix_form import MixForm, servers_of


def mix_context(project: Project, scenario: Scenario, form: MixForm | None) -> TemplateContext:
    """Return the template context of the form; `form` is one that was submitted and refused."""
    initial = MixForm.initial_values(scenario)
    values = FormValues("mix", scenario, form, initial)
    mix = None if form else MixForm(project, scenario, initial).mix()
    selected, total = values.texts("servers"), sum(scenario.mix.values())
    return {
        "errors": values.errors,
        "views": [(view, percent(weight / total)) for view, weight in scenario.mix.items()],
        "servers": [
            Checkbox(
                name,
                name in selected,
                note="not installed" if missing_packages(project, project.server(name)) else "",
            )
            for name in servers_of(project, scenario)
        ],
        "leave_out": bool(values.text("leave_out")),
        "numbers": [
            values.number("rate", "Requests per second", _number(scenario.rate_rps)),
            values.number("duration", "Duration, s", _number(scenario.duration_s)),
            values.number("blocks", "Blocks", str(BLOCKS)),
        ],
        "settings": values.settings(project),
        "settings_open": values.any_setting,
        "estimate": mix_estimate(project, mix),
    }


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
