"""Makes the firing of one lane in one round, with everything filled in."""

from __future__ import annotations

from dashboard.project.model.placeholders import fill_in, with_filled_rows
from dashboard.project.model.scenario import Variant
from dashboard.runs.conduct.run_context import RunContext
from dashboard.runs.resources import Target
from dashboard.targets.lifecycle.login.session import request_headers
from dashboard.wire.frame import WARM_UP_ROUND
from dashboard.wire.plan.mix import MixedView
from dashboard.wire.plan.plan import ENGINE, Firing, Load
from dashboard.wire.plan.request_mode import RequestMode


def make_firing(
    context: RunContext, target: Target, position: int, number: int, load: Load
) -> Firing:
    """Return the firing of `load` at the lane at `position`, in round `number`."""
    plan = context.plan
    variant = context.variant(plan.lanes[position])
    return Firing(
        lane=position,
        round=number,
        host=target.host,
        port=target.port,
        path=variant.url_path(plan.parameters),
        load=load,
        timeout_s=plan.timeout_s,
        method=variant.method,
        headers=request_headers(variant, target.session),
        body=fill_in(variant.body),
        tls=target.tls,
        ca=target.ca,
        client=plan.client,
        seed=plan.seed + number,  # the same arrivals for each lane of a round
        bystander_path=_bystander_path(context, target, variant, number),
        request_mode=_request_mode(context, target, variant, number),
    )


def _request_mode(
    context: RunContext, target: Target, variant: Variant, number: int
) -> RequestMode:
    """Return the request mode with everything filled in; a mix warms each of its views up."""
    if not variant.mix:
        return with_filled_rows(variant.request_mode(context.plan.parameters))
    parts = {part.name: part for part in variant.mix}
    return RequestMode(
        mix=tuple(
            MixedView(
                weight=weight if number != WARM_UP_ROUND else 1.0,
                method=parts[name].variant.method,
                headers=request_headers(parts[name].variant, target.session),
                requests=tuple((path, fill_in(body)) for path, body in parts[name].requests),
            )
            for name, weight in context.plan.mix.items()  # in the order by which it is taken apart
        )
    )


def _bystander_path(
    context: RunContext, target: Target, variant: Variant, number: int
) -> str | None:
    """Return the path of the bystander's requests; None if this firing has no bystander."""
    path = context.project.bystander_path
    wanted = context.plan.bystander and context.plan.client == ENGINE and number != WARM_UP_ROUND
    probed = target.facts.get("probe", True)  # else they would be counted with the load's
    return path if wanted and probed and path != variant.path else None
