"""Connections to databases, as the probes of a target report them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypedDict

from dashboard.wire.codec import read_json
from dashboard.wire.report.target_facts import ConnectionFacts, PoolFacts
from dashboard.wire.units import NS_PER_MS


class PoolCounts(TypedDict):
    """The pool of one process: limit, size and queue now, the others since the firing began."""

    limit: int
    size: int
    waiting: int
    queued: int
    wait_ms: int
    opened: int


class AliasCounts(TypedDict):
    """The connections of one process to one database; docs/frame.md describes the keys."""

    alias: str
    opened: int
    open: int
    most_open: int
    beside: int
    collected: int
    leaked: int
    most_waiting: int
    waited_ns: int
    longest_wait_ns: int
    max_age_s: float | None
    can_pool: bool
    vendor: str
    established: int
    pool: PoolCounts | None


def read_connections(reported: object) -> list[AliasCounts]:
    """Return what a probe's report has of connections; raises InvalidJson if malformed."""
    counts: list[AliasCounts] = read_json(list[AliasCounts], reported, ignore_unknown=True)
    return counts


def with_largest_pools(counts: list[AliasCounts], last: Sequence[AliasCounts]) -> list[AliasCounts]:
    """Set the queue and size of each pool to the largest since the firing began, and return all.

    `last` is the result for the process's report before.
    """
    pools = {each["alias"]: each["pool"] for each in last}
    for each in counts:
        before, pool = pools.get(each["alias"]), each["pool"]
        if before is not None and pool is not None:
            pool["size"] = max(before["size"], pool["size"])
            pool["waiting"] = max(before["waiting"], pool["waiting"])
    return counts


def of_firing(processes: Iterable[Sequence[AliasCounts]], requests: int) -> list[ConnectionFacts]:
    """Return what all processes had in one firing of so many requests, by alias."""
    by_alias: dict[str, list[AliasCounts]] = {}
    for process in processes:
        for each in process:
            by_alias.setdefault(each["alias"], []).append(each)
    return [_together(alias, counts, requests) for alias, counts in sorted(by_alias.items())]


def established(processes: Iterable[Sequence[AliasCounts]], vendor: str) -> int:
    """Return how many connections to databases of a vendor all processes have."""
    counts = (each for process in processes for each in process)
    return sum(each["established"] for each in counts if each["vendor"] == vendor)


def _together(alias: str, counts: Sequence[AliasCounts], requests: int) -> ConnectionFacts:
    return {
        "alias": alias,
        "requests": requests,
        "opened": sum(each["opened"] for each in counts),
        "open_max": sum(each["most_open"] for each in counts),
        "left_open": sum(each["open"] for each in counts),
        "leaked": sum(each["leaked"] for each in counts),
        "collected": sum(each["collected"] for each in counts),
        "waiting_max": sum(each["most_waiting"] for each in counts),
        "waited_ms": sum(each["waited_ns"] for each in counts) / NS_PER_MS,
        "wait_ms_max": max(each["longest_wait_ns"] for each in counts) / NS_PER_MS,
        "max_age_s": counts[0]["max_age_s"],
        "can_pool": any(each["can_pool"] for each in counts),
        "vendor": counts[0]["vendor"],
        "pool": _pools([each["pool"] for each in counts if each["pool"] is not None]),
    }


def _pools(pools: Sequence[PoolCounts]) -> PoolFacts | None:
    if not pools:
        return None
    return {
        "limit": sum(pool["limit"] for pool in pools),
        "size": sum(pool["size"] for pool in pools),
        "waiting": sum(pool["waiting"] for pool in pools),
        "opened": sum(pool["opened"] for pool in pools),
        "queued": sum(pool["queued"] for pool in pools),
        "wait_ms": sum(pool["wait_ms"] for pool in pools),
    }


def merge_connections(
    before: Sequence[ConnectionFacts], firing: Sequence[ConnectionFacts]
) -> list[ConnectionFacts]:
    """Return the facts of earlier firings with those of one more."""
    known = {facts["alias"]: facts for facts in before}
    merged = [_merged(known.pop(facts["alias"], None), facts) for facts in firing]
    return sorted([*known.values(), *merged], key=lambda facts: facts["alias"])


def _merged(before: ConnectionFacts | None, facts: ConnectionFacts) -> ConnectionFacts:
    if before is None:
        return facts
    return {
        "alias": facts["alias"],
        "requests": before["requests"] + facts["requests"],
        "opened": before["opened"] + facts["opened"],
        "open_max": max(before["open_max"], facts["open_max"]),
        "left_open": max(before["left_open"], facts["left_open"]),
        "leaked": max(before["leaked"], facts["leaked"]),
        "collected": before["collected"] + facts["collected"],
        "waiting_max": max(before["waiting_max"], facts["waiting_max"]),
        "waited_ms": before["waited_ms"] + facts["waited_ms"],
        "wait_ms_max": max(before["wait_ms_max"], facts["wait_ms_max"]),
        "max_age_s": facts["max_age_s"],
        "can_pool": facts["can_pool"],
        "vendor": facts["vendor"],
        "pool": _merged_pools(before["pool"], facts["pool"]),
    }


def _merged_pools(before: PoolFacts | None, pool: PoolFacts | None) -> PoolFacts | None:
    if before is None or pool is None:
        return pool or before
    return {
        "limit": max(before["limit"], pool["limit"]),
        "size": max(before["size"], pool["size"]),
        "waiting": max(before["waiting"], pool["waiting"]),
        "opened": before["opened"] + pool["opened"],
        "queued": before["queued"] + pool["queued"],
        "wait_ms": before["wait_ms"] + pool["wait_ms"],
    }
