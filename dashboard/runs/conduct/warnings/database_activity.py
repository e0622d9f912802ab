"""Compares the connections that probes count with those that the project's PostgreSQL lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dashboard.runs.conduct.run_context import RunContext
from dashboard.runs.conduct.run_targets import RunTargets
from dashboard.runs.resources import Target
from dashboard.wire.plural import counted
from dashboard.wire.report.target_facts import ActivityFacts, ConnectionFacts

QUIET_S = 1.0  # for probes that report once more, with no request under way

Connections = Mapping[int, Sequence[ConnectionFacts]]  # by the position of the lane


async def compare_with_database(
    context: RunContext, targets: RunTargets, connections: Connections
) -> None:
    """Add both numbers to the facts of each lane on PostgreSQL, and warn if they differ.

    The database is asked once for all lanes that are served with the same environment.
    """
    by_service: dict[str, list[int]] = {}
    for position, databases in connections.items():
        if any(each["vendor"] == "postgresql" for each in databases):
            lane = context.plan.lanes[position]
            overrides = targets.name_of(lane).removeprefix(lane.server)
            by_service.setdefault(overrides, []).append(position)
    for positions in by_service.values():
        await _compare(context, targets, {each: connections[each] for each in positions})


async def _compare(context: RunContext, targets: RunTargets, connections: Connections) -> None:
    lanes = context.plan.lanes
    served = {position: await targets.of(position, lanes[position]) for position in connections}
    by_name = {target.application_name: target for target in served.values()}
    names = [name for name in by_name if name is not None]
    if not names:
        return
    for name in names:
        await _refresh(context, by_name[name])
    server = targets.name_of(lanes[next(iter(served))])
    listed = await context.resources.targets.activity(server, names)
    for position, target in served.items():
        number = listed.get(target.application_name or "")
        if number is not None:
            counts: ActivityFacts = {"by_probe": target.established, "by_database": number}
            await context.add_facts(position, {"activity": counts})
            leaks = any(each["leaked"] for each in connections[position])
            if message := difference_text(counts, leaks=leaks):
                await context.warn(f"{lanes[position]}: {message}")


async def _refresh(context: RunContext, target: Target) -> None:
    """Have the probes report once more: a pool may have grown since the last firing."""
    number = next(context.resources.firing_numbers)
    await target.begin(number)
    await target.end(number, quiet_timeout_s=QUIET_S)


def difference_text(counts: ActivityFacts, *, leaks: bool) -> str:
    """Return what it means if PostgreSQL lists other connections than Django has; else nothing.

    Of those that the project `leaks`, the garbage collector may have closed some meanwhile.
    """
    by_probe, by_database = counts["by_probe"], counts["by_database"]
    listed = f"PostgreSQL lists {counted(by_database, 'connection')} of this server after the run"
    if by_database > by_probe:
        return (
            f"{listed}, and Django has {by_probe:,}: the project also connects without Django"
            " (a driver of its own, another pool), and those connections are in no number here."
        )
    if by_database < by_probe and not leaks:
        return (
            f"{listed}, and Django has {by_probe:,}: something between the two closes or shares"
            " them, as PgBouncer does."
        )
    return ""
