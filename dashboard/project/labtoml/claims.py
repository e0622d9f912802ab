"""The claims of a lab.toml. The grammar of their conditions is checked where they are evaluated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dashboard.project.model.scenario import Claim, ClaimSweep, Expectation, Scenario
from dashboard.wire.plan.plan import MAX_LANES

from . import tables
from .problems import Problems
from .scenarios import Servers, lane_of


def claim_of(
    name: str,
    table: tables.Claim,
    scenarios: Mapping[str, Scenario],
    servers: Servers,
    here: Problems,
) -> Claim:
    """Return the claim that a table describes."""
    scenario = scenarios.get(table.scenario)
    if scenario is None:
        here.at("scenario").expected(f"one of {', '.join(scenarios)}", table.scenario)
    else:
        _check_parameters(table.parameters, scenario, here.at("parameters"))
    sweep = table.sweep
    claim = Claim(
        name=name,
        text=table.text,
        scenario=table.scenario,
        expect=tuple(_expectations(table, scenario, servers, here.at("expect"))),
        parameters=table.parameters,
        sweep=ClaimSweep(sweep.over, sweep.levels) if sweep else None,
        **table.load.model_dump(),
    )
    if len(claim.lanes) > MAX_LANES:
        here.at("expect").add(f"expected at most {MAX_LANES} lanes, found {len(claim.lanes)}")
    return claim


def _expectations(
    table: tables.Claim, scenario: Scenario | None, servers: Servers, here: Problems
) -> Iterator[Expectation]:
    if scenario is None:
        return
    for text, condition in table.expect:
        lane = lane_of(text, scenario.variants, servers, here)
        if lane is not None:
            yield Expectation(lane, condition.strip())


def _check_parameters(values: Mapping[str, float], scenario: Scenario, here: Problems) -> None:
    for name, value in values.items():
        parameter = scenario.parameters.get(name)
        if parameter is None:
            here.at(name).add(
                f"expected a parameter of {scenario.name}: {', '.join(scenario.parameters)}"
            )
        elif not parameter.min <= value <= parameter.max:
            here.at(name).expected(f"{parameter.min:g} to {parameter.max:g}", value)
