"""Lanes with a planted truth: small queueing models that write the frames of a run.

Each model returns when each of `requests` enters, is in the view, and is done; rounds differ
by a seeded jitter of one per cent. Milliseconds here, nanoseconds in the frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dashboard.analysis.lane.config import LaneConfig
from dashboard.analysis.report.report import ReportContext, make_report
from dashboard.wire import frame
from dashboard.wire.plan.plan import Burst, Lane, Plan
from dashboard.wire.units import NS_PER_MS as MS

JITTER = 0.01
HOP = 0.2  # ms between two stamps where nothing is waited for


@dataclass(frozen=True)
class Stamps:
    """The stamps of one request, in ms from the start of the burst."""

    entered: float
    view_entered: float
    view_left: float
    done: float
    first_byte: float | None = None
    error: int = 0


@dataclass(frozen=True)
class Planted:
    """One lane: its queueing model, and what its health frames report of each firing."""

    name: str
    model: Callable[[int], list[Stamps]]
    config: LaneConfig = field(default_factory=LaneConfig)
    health: dict[str, int] = field(default_factory=dict)
    growth_per_request: dict[str, int] = field(default_factory=dict)
    growth: dict[str, int] = field(default_factory=dict)  # of a firing, however many requests
    bystander_requests: int = 0  # of the bystander in each firing


def report_of(lanes: list[Planted], requests: int, rounds: int = 6, **context: Any) -> Any:
    """Return the report of a run of these lanes."""
    plan = Plan(
        scenario="planted",
        lanes=tuple(Lane.parse(lane.name) for lane in lanes),
        load=Burst(requests, requests),
        rounds=rounds,
        seed=1,
        parameters={},
        timeout_s=30,
    )
    configs = [lane.config for lane in lanes]
    frames = [
        frame_bytes
        for position, lane in enumerate(lanes)
        for number in range(1, rounds + 1)
        for frame_bytes in _frames(position, number, lane, requests)
    ]
    return make_report(plan, ReportContext("r", "finished", {}, configs=configs, **context), frames)


def _frames(position: int, number: int, lane: Planted, requests: int) -> Iterable[bytes]:
    stretch = 1 + JITTER * np.random.default_rng(1000 * position + number).normal()
    samples = [
        _sample(request, stamps, stretch) for request, stamps in enumerate(lane.model(requests))
    ]
    grown = {name: value * requests for name, value in lane.growth_per_request.items()}
    grown = {name: grown.get(name, 0) + lane.growth.get(name, 0) for name in {*grown, *lane.growth}}
    beside = [
        {"request": number_, "due": 0, "done": MS, "status": 200, "error": 0}
        for number_ in range(lane.bystander_requests)
    ]
    last = max(row["done"] for row in samples)
    health = [
        {"at": 0, "process": 7, **lane.health, **dict.fromkeys(grown, 0)},
        {"at": last, "process": 7, **lane.health, **grown},
    ]
    kinds = {"samples": samples, "health": health, "neighbour": beside}
    for kind, rows in kinds.items():
        columns = frame.rows_to_columns(kind, rows)
        yield frame.encode(kind, lane=position, round=number, origin_ns=0, columns=columns)


def _sample(request: int, stamps: Stamps, stretch: float) -> dict[str, int]:
    first_byte = stamps.done if stamps.first_byte is None else stamps.first_byte

    def ns(value_ms: float) -> int:
        return int(value_ms * stretch * MS)

    return {
        "request": request, "due": 0, "connecting": 0, "sent_first": 0, "sent": 0,
        "entered": ns(stamps.entered), "view_entered": ns(stamps.view_entered),
        "view_left": ns(stamps.view_left), "first_byte": ns(first_byte), "done": ns(stamps.done),
        "status": 503 if stamps.error else 200, "error": stamps.error, "process": 7,
    }  # fmt: skip


def pool(at_a_time: int, view_ms: float) -> Callable[[int], list[Stamps]]:
    """A pool of workers: other requests wait in the server."""

    def model(requests: int) -> list[Stamps]:
        turn = view_ms + 2 * HOP
        begins = [HOP + request // at_a_time * turn for request in range(requests)]
        return [Stamps(at, at + HOP, at + HOP + view_ms, at + 2 * HOP + view_ms) for at in begins]

    return model


def at_once(view_ms: float, last_ms: float | None = None) -> Callable[[int], list[Stamps]]:
    """All requests enter at once; with `last_ms` the last byte is that much after the first."""

    def model(requests: int) -> list[Stamps]:
        ends = [(HOP * (3 + request / 10) + view_ms) for request in range(requests)]
        return [
            Stamps(HOP, 2 * HOP, end - HOP, end + (last_ms or 0), first_byte=end) for end in ends
        ]

    return model


def one_in_view(view_ms: float) -> Callable[[int], list[Stamps]]:
    """All requests enter at once, and the views run one after the other: they hold the loop."""

    def model(requests: int) -> list[Stamps]:
        begins = [HOP + request * view_ms for request in range(requests)]
        return [Stamps(HOP, at, at + view_ms, at + view_ms + HOP) for at in begins]

    return model


def queue_in_view(at_a_time: int, work_ms: float) -> Callable[[int], list[Stamps]]:
    """All views begin at once, and wait inside for one of a number of threads."""

    def model(requests: int) -> list[Stamps]:
        ends = [HOP + (request // at_a_time + 1) * work_ms for request in range(requests)]
        return [Stamps(HOP, HOP, end, end + HOP) for end in ends]

    return model


def busy(cpu_ms: float) -> Callable[[int], list[Stamps]]:
    """One core works through all requests, each of which is in the view until it is done."""

    def model(requests: int) -> list[Stamps]:
        ends = [(request + 1) * cpu_ms for request in range(requests)]
        return [Stamps(0, 0, end * 0.99, end) for end in ends]

    return model
