"""Situations with planted lanes: the servers and variants of a project that does not exist."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from dashboard.analysis.advice.situation import ServerChoice, Situation, VariantChoice
from tests.analysis.planted import Planted, report_of

GTHREAD = ServerChoice(
    "gunicorn-gthread", "wsgi", "pool", threads=8, most_processes=64, most_threads=1024
)
ONE = ServerChoice("gunicorn-sync", "wsgi", "pool", threads=1, most_processes=64)
UVICORN = ServerChoice("uvicorn", "asgi", "loop", most_processes=64, most_executor=1024)
DAPHNE = ServerChoice("daphne", "asgi", "loop", most_executor=1024)
SERVERS = {server.name: server for server in (GTHREAD, ONE, UVICORN, DAPHNE)}
VARIANTS = {
    variant.name: variant
    for variant in (
        VariantChoice("celery", "sync", polls=True),
        VariantChoice("sync", "sync"),
        VariantChoice("async", "async"),
        VariantChoice("async-blocking", "async", at_a_time=1),
        VariantChoice("bridged", "async"),
        VariantChoice("bridged-threads", "async"),
        VariantChoice("heavy", "async"),
        VariantChoice("slow", "async"),
    )
}


def situation(
    lanes: list[Planted],
    requests: int = 100,
    *,
    cores: int | None = 1,
    cpus: int = 2,
    bystander_ms: float | None = None,
    refused: Collection[str] = (),
    **changes: Any,
) -> Situation:
    """Return a run of these lanes; `bystander_ms` is the bystander's median in each of them."""
    report = report_of(lanes, requests)
    report["environment"] = {"cpus": cpus}
    for lane in report["lanes"]:
        lane["target"] = {"cores": list(range(cores))} if cores else None
        if bystander_ms is not None:
            lane["neighbour"] = {"latency_ms": {"p50": bystander_ms}}
    variants = changes.pop("variants", VARIANTS)
    servers = {lane["server"]: _server(lane["server"]) for lane in report["lanes"]}
    return Situation(
        report=report,
        servers=servers,
        others=list(SERVERS.values()),
        variants=variants,
        can_fire=lambda lane: lane not in refused,
        **changes,
    )


def _server(text: str) -> ServerChoice:
    """Return the server that a planted lane names, with its numbers in force."""
    name, _, rest = text.partition(":")
    pairs = (part.partition("=") for part in rest.split(",") if part)
    settings = {key: int(value) for key, _, value in pairs}
    bounds = [key for key in settings if key in {"processes", "threads"}]
    numbers: dict[str, Any] = {key: settings[key] for key in bounds}
    fields: dict[str, Any] = {**vars(SERVERS[name]), **numbers, "settings": settings}
    return ServerChoice(**fields)
