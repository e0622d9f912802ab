"""The bench's form: it becomes a plan, or messages beside its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict

from dashboard.project.model.scenario import Scenario
from dashboard.project.project import Project
from dashboard.runs.planning.plans import make_plan, open_plan
from dashboard.runs.planning.prediction import FACTORS, NO_WINNER, Prediction
from dashboard.web.shared.form_values import (
    CONTROL,
    PARAMETER,
    UNTIL_SURE,
    lane_names,
    run_mode,
)
from dashboard.web.shared.number_fields import DecimalNumberField, WholeNumberField, number_field
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.plan.plan import MAX_CONCURRENCY, MAX_REQUESTS, Load, Plan, Rate

BURST_ONLY = ("requests",)
RATE_ONLY = ("rate", "duration", "poisson")


class FireForm(forms.Form):
    """What to fire at one scenario.

    `quick` is the value of a quick button: as many requests, all at once. `how` is that of
    another button: run until certain, or an A/A run of the baseline against itself. Without a
    number of `rounds` a run goes on until it is certain, within a limit of time. Fields of the
    other kind of load are neither read nor validated.
    """

    # The plan checks bounds, with the same messages as in the terminal.
    load = forms.ChoiceField(
        choices=[("burst", "Burst"), ("rate", "Rate")],
        required=False,
        error_messages={"invalid_choice": "expected burst or rate, found %(value)s"},
    )
    requests = number_field("requests")
    rate = number_field("rate")
    duration = number_field("duration")
    poisson = forms.BooleanField(required=False)
    concurrency = number_field("concurrency", required=False)
    rounds = number_field("rounds", required=False)
    seed = number_field("seed", required=False)
    timeout = number_field("timeout")
    guess_times = forms.TypedChoiceField(
        choices=[(f"{size:g}", f"{size:g}") for size in FACTORS],
        coerce=float,
        empty_value=None,
        required=False,
    )
    how = forms.ChoiceField(choices=[(UNTIL_SURE, ""), (CONTROL, "")], required=False)
    quick = WholeNumberField(min_value=1, max_value=MAX_REQUESTS, required=False)

    def __init__(self, project: Project, scenario: Scenario, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.project = project
        self.scenario = scenario
        self.fields["lanes"] = forms.MultipleChoiceField(
            choices=[(value, value) for value in lane_names(project, scenario)],
            error_messages={
                "required": "expected at least one lane, found none",
                "invalid_choice": "expected a lane of this scenario, found %(value)s",
            },
        )
        self.fields["guess"] = forms.ChoiceField(
            choices=[(value, value) for value in (NO_WINNER, *lane_names(project, scenario))],
            required=False,
        )
        for name in scenario.parameters:
            self.fields[PARAMETER + name] = DecimalNumberField()

    def clean(self) -> None:
        """Ignore the fields of the other kind of load."""
        rate = self.cleaned_data.get("load") == "rate" and not self.cleaned_data.get("quick")
        for name in BURST_ONLY if rate else RATE_ONLY:
            self.errors.pop(name, None)
            self.cleaned_data.pop(name, None)

    def plan(self) -> Plan | None:
        """Return the plan to fire, or None if a field is wrong; the form has the errors then."""
        if not self.is_valid():
            return None
        values = self.cleaned_data
        until_sure, control = values["how"] == UNTIL_SURE, values["how"] == CONTROL
        options = {"until_sure": True} if until_sure else {"rounds": values["rounds"]}
        left_open = values["rounds"] is None and not until_sure
        try:
            return (open_plan if left_open else make_plan)(
                self.project,
                scenario=self.scenario.name,
                lanes=values["lanes"][:1] if control else values["lanes"],
                requests=values["quick"] or values.get("requests"),
                concurrency=None if values["quick"] else values["concurrency"],
                rate_rps=values.get("rate"),
                duration_s=values.get("duration"),
                poisson=values.get("poisson", False),
                seed=values["seed"],
                parameters=self._parameters(values),
                timeout_s=values["timeout"],
                control=control,
                **options,
            )
        except InvalidPlan as error:
            for problem in error.problems:
                self._add_problem(problem.field, problem.message)
            return None

    def guess(self) -> Prediction | None:
        """Return the predicted winner if it is one of the lanes to fire. Call after `plan`."""
        lane = self.cleaned_data["guess"]
        if lane != NO_WINNER and lane not in self.cleaned_data["lanes"]:
            return None
        return Prediction(lane, self.cleaned_data["guess_times"])

    def _parameters(self, values: Mapping[str, Any]) -> dict[str, float]:
        return {name: values[PARAMETER + name] for name in self.scenario.parameters}

    def _add_problem(self, field: str, message: str) -> None:
        name = field.replace("parameters.", PARAMETER)
        self.add_error(name if name in self.fields else None, message)


def form_data(plan: Plan) -> QueryDict:
    """Return the form values that describe a plan, except for its seed."""
    data = QueryDict(mutable=True)
    for name, value in _load_data(plan.load).items():
        data[name] = value
    data["rounds"] = "" if plan.until_sure else str(plan.rounds)
    data["timeout"] = f"{plan.timeout_s:g}"
    data.setlist("lanes", [str(lane) for lane in plan.lanes[: 1 if plan.control else None]])
    data["how"] = run_mode(plan)
    for name, number in plan.parameters.items():
        data[PARAMETER + name] = f"{number:g}"
    return data


def _load_data(load: Load) -> dict[str, str]:
    """Return the load's form values; an unlimited concurrency is an empty field."""
    unlimited = MAX_CONCURRENCY if isinstance(load, Rate) else load.requests
    concurrency = "" if load.concurrency == unlimited else str(load.concurrency)
    data = {"load": load.kind, "concurrency": concurrency}
    if not isinstance(load, Rate):
        return {**data, "requests": str(load.requests)}
    data |= {"rate": f"{load.rate_rps:g}", "duration": f"{load.duration_s:g}"}
    return {**data, "poisson": "on"} if load.poisson else data
