"""The mixes of a lab.toml: each becomes a scenario with one variant, whose requests are mixed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dashboard.project.model.scenario import MixPart, Scenario, Variant
from dashboard.project.servers.settings import InvalidSetting, resolve
from dashboard.wire.plan.mix import MAX_VIEWS
from dashboard.wire.plan.plan import MAX_LANES, Lane

from . import tables
from .problems import Problems
from .scenarios import Servers

MIX = "mix"  # the name of the variant
MIN_VIEWS = 2  # of one view it would be that view's scenario


def mix_of(
    name: str,
    table: tables.Mix,
    scenarios: Mapping[str, Scenario],
    servers: Servers,
    problems: Problems,
) -> Scenario:
    """Return the scenario of a mix of views of these scenarios; `problems` are the file's."""
    here = problems.at("mix", name)
    if name in scenarios:
        here.add(f"expected a name that no scenario has, found {name!r}")
    parts = tuple(_parts(table, scenarios, problems, here.at("weights")))
    families = {part.variant.family for part in parts}
    variant = Variant(
        name=MIX,
        family="async" if families == {"async"} else "sync",
        path=_literal(parts[0].requests[0][0]) if parts else "/",
        login=any(part.variant.login for part in parts),
        requires=tuple(dict.fromkeys(each for part in parts for each in part.variant.requires)),
        mix=parts,
    )
    return Scenario(
        name=name,
        title=table.title,
        parameters={},
        lanes=tuple(_lanes(table, servers, here.at("servers"))),
        variants={MIX: variant},
        rate_rps=table.rate,
        duration_s=table.duration if table.rate else None,
        **table.load.model_dump(),
    )


def _parts(
    table: tables.Mix, scenarios: Mapping[str, Scenario], problems: Problems, here: Problems
) -> Iterator[MixPart]:
    """Yield the views; not those that are wrong, here or in their scenario."""
    if not here and not MIN_VIEWS <= len(table.weights) <= MAX_VIEWS:
        here.add(f"expected {MIN_VIEWS} to {MAX_VIEWS} views, found {len(table.weights)}")
    for text, weight in table.weights.items():
        scenario_name, _, variant_name = text.partition(".")
        scenario = scenarios.get(scenario_name)
        if scenario is None:
            here.at(text).expected(f"a view of {_one_of(scenarios)}", text)
        elif (variant := scenario.variants.get(variant_name)) is None:
            views = [f"{scenario_name}.{name}" for name in scenario.variants]
            here.at(text).expected(_one_of(views), text)
        elif reason := _not_mixed(variant):
            here.at(text).add(f"expected a view whose requests can be mixed: {reason}")
        elif not problems.at("scenario", scenario_name):
            yield MixPart(text, weight, variant, scenario.values({}))


def _literal(path: str) -> str:
    """Return a path in which nothing is filled in."""
    return path.replace("{", "{{").replace("}", "}}")


def _one_of(names: Iterable[str]) -> str:
    return f"one of {', '.join(names)}"


def _not_mixed(variant: Variant) -> str:
    """Return why the requests of a variant cannot be mixed with others; empty if they can."""
    reasons = {
        "HEAD has responses of another form": variant.method == "HEAD",
        "it uploads": variant.upload is not None,
        "it is polled": variant.poll_every_ms is not None,
        "it is a websocket": variant.websocket,
        "its chunks are recorded": variant.chunks,
        "it is served with settings of its own": variant.overrides is not None,
    }
    return next((reason for reason, applies in reasons.items() if applies), "")


def _lanes(table: tables.Mix, servers: Servers, here: Problems) -> Iterator[Lane]:
    if len(table.servers) > MAX_LANES or len(set(table.servers)) < len(table.servers):
        here.add(f"expected at most {MAX_LANES} servers, each once")
    for server in table.servers:
        try:
            resolve(servers, server)
        except InvalidSetting as error:
            here.add(f"{server}: {error}")
        else:
            yield Lane(MIX, server)
