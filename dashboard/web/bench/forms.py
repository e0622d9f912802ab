"""What a form may ask for, and what comes of it: a plan, or a message beside each field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict

from dashboard.project.labtoml.load import Project, Scenario
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.planning.prediction import NO_WINNER, SIZES, Prediction
from dashboard.web.shared.form_values import CONTROL, PARAMETER, UNTIL_SURE, how, lane_names
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.plan import MAX_CONCURRENCY, MAX_REQUESTS, Load, Plan, Rate

BURST_ONLY = ("requests",)
RATE_ONLY = ("rate", "duration", "poisson")


class FireForm(forms.Form):
    """What to fire at one scenario. `quick` is the button pressed: n = c = that many.

    `how` is another: until sure goes on for as many rounds as that takes, and a control fires
    the baseline alone, beside itself.

    Of the fields that belong to the other kind of load nothing is read, and nothing said.
    """

    # What is in bounds is the plan's to say, in the same words as in the terminal.
    load = forms.ChoiceField(choices=[("burst", "Burst"), ("rate", "Rate")], required=False)
    requests = forms.IntegerField()
    rate = forms.FloatField()
    duration = forms.FloatField()
    poisson = forms.BooleanField(required=False)
    concurrency = forms.IntegerField(required=False)
    rounds = forms.IntegerField()
    seed = forms.IntegerField(required=False)
    timeout = forms.FloatField()
    guess_times = forms.TypedChoiceField(
        choices=[(f"{size:g}", f"{size:g}") for size in SIZES],
        coerce=float,
        empty_value=None,
        required=False,
    )
    how = forms.ChoiceField(choices=[(UNTIL_SURE, ""), (CONTROL, "")], required=False)
    quick = forms.IntegerField(min_value=1, max_value=MAX_REQUESTS, required=False)

    def __init__(self, project: Project, scenario: Scenario, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.project = project
        self.scenario = scenario
        self.fields["lanes"] = forms.MultipleChoiceField(
            choices=[(value, value) for value in lane_names(project, scenario)],
            error_messages={"invalid_choice": "Expected a lane of this scenario, found %(value)s."},
        )
        self.fields["guess"] = forms.ChoiceField(
            choices=[(value, value) for value in (NO_WINNER, *lane_names(project, scenario))],
            required=False,
        )
        for name in scenario.parameters:
            self.fields[PARAMETER + name] = forms.FloatField()

    def clean(self) -> None:
        """What was typed into the fields of the other kind of load is not looked at."""
        rate = self.cleaned_data.get("load") == "rate" and not self.cleaned_data.get("quick")
        for name in BURST_ONLY if rate else RATE_ONLY:
            self.errors.pop(name, None)
            self.cleaned_data.pop(name, None)

    def plan(self) -> Plan | None:
        """The plan to fire, or None when a field is wrong; the errors are on the form then."""
        if not self.is_valid():
            return None
        given = self.cleaned_data
        until_sure, control = given["how"] == UNTIL_SURE, given["how"] == CONTROL
        try:
            return make_plan(
                self.project,
                scenario=self.scenario.name,
                lanes=given["lanes"][:1] if control else given["lanes"],
                requests=given["quick"] or given.get("requests"),
                concurrency=None if given["quick"] else given["concurrency"],
                rate_rps=given.get("rate"),
                duration_s=given.get("duration"),
                poisson=given.get("poisson", False),
                rounds=None if until_sure else given["rounds"],
                seed=given["seed"],
                parameters=self._parameters(given),
                timeout_s=given["timeout"],
                until_sure=until_sure,
                control=control,
            )
        except InvalidPlan as error:
            for problem in error.problems:
                self._refuse(problem.field, problem.message)
            return None

    def guess(self) -> Prediction | None:
        """Who will be first, if anybody guessed, among those that are fired. After `plan`."""
        lane = self.cleaned_data["guess"]
        if lane != NO_WINNER and lane not in self.cleaned_data["lanes"]:
            return None
        return Prediction(lane, self.cleaned_data["guess_times"])

    def _parameters(self, given: Mapping[str, Any]) -> dict[str, float]:
        return {name: given[PARAMETER + name] for name in self.scenario.parameters}

    def _refuse(self, field: str, message: str) -> None:
        name = field.replace("parameters.", PARAMETER)
        self.add_error(name if name in self.fields else None, message)


def typed_as(plan: Plan) -> QueryDict:
    """The form as somebody would have filled it in to fire this plan; the seed is drawn anew."""
    data = QueryDict(mutable=True)
    for name, value in _typed_load(plan.load).items():
        data[name] = value
    data["rounds"] = str(plan.rounds)
    data["timeout"] = f"{plan.timeout_s:g}"
    data.setlist("lanes", [str(lane) for lane in plan.lanes[: 1 if plan.control else None]])
    data["how"] = how(plan)
    for name, number in plan.parameters.items():
        data[PARAMETER + name] = f"{number:g}"
    return data


def _typed_load(load: Load) -> dict[str, str]:
    """An empty field is what nobody has to fill in: everybody at once, as many as it takes."""
    everybody = MAX_CONCURRENCY if isinstance(load, Rate) else load.requests
    concurrency = "" if load.concurrency == everybody else str(load.concurrency)
    typed = {"load": load.kind, "concurrency": concurrency}
    if not isinstance(load, Rate):
        return {**typed, "requests": str(load.requests)}
    typed |= {"rate": f"{load.rate_rps:g}", "duration": f"{load.duration_s:g}"}
    return {**typed, "poisson": "on"} if load.poisson else typed
