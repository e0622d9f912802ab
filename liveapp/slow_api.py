"""A slow API without its HTTP: the delay of responses, the requests that wait, the content."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any, TypedDict
from urllib.parse import parse_qsl

TODOS = 200
TODOS_PER_USER = 20
WORDS = ("delectus", "aut", "autem", "quis", "ut", "nam", "facilis", "et", "officia", "qui")
LIMITS = {"latency": 60.0, "jitter": 60.0, "error_rate": 1.0, "capacity": 100_000.0}


class BadQuery(ValueError):
    """The query of a request is invalid."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


@dataclass(frozen=True)
class Behaviour:
    """The delay, the reliability and the capacity of the API."""

    latency: float = 0.0  # seconds
    jitter: float = 0.0  # seconds
    error_rate: float = 0.0  # 0 to 1
    capacity: int = 0  # requests at once; 0: all of them

    def with_query(self, query: str) -> Behaviour:
        """Return the behaviour with the values in a request's query; raises BadQuery."""
        values = dict(parse_qsl(query, keep_blank_values=True))
        return replace(
            self, **{name: limited(name, values[name]) for name in LIMITS if name in values}
        )


def limited(name: str, text: str) -> Any:
    """Return the text as a number for this field of Behaviour; raises BadQuery."""
    kind, what = (int, "a whole number") if name == "capacity" else (float, "a number")
    try:
        value: float = kind(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= LIMITS[name]:  # NaN fails this too
        raise BadQuery(name, f"expected {what} from 0 to {LIMITS[name]:g}, found {text!r}")
    return value


class Todo(TypedDict):
    """A todo of jsonplaceholder."""

    userId: int
    id: int
    title: str
    completed: bool


def todo(number: int) -> Todo:
    """Return the todo of this number, 1 to TODOS, as jsonplaceholder does."""
    length = 3 + (number - 1) % 5
    return {
        "userId": (number - 1) // TODOS_PER_USER + 1,
        "id": number,
        "title": " ".join(WORDS[(number - 1 + place) % len(WORDS)] for place in range(length)),
        "completed": number % 4 == 0,
    }


class Gate:
    """Limits the number of works in progress; the others wait in order."""

    def __init__(self, places: float) -> None:
        self.places = places
        self.busy = 0
        self.waiting: deque[Work] = deque()

    @property
    def idle(self) -> bool:
        """True if no work is in progress and none waits."""
        return not self.busy and not self.waiting

    def enter(self, work: Work) -> None:
        """Begin the work, now or when it is its turn."""
        self.waiting.append(work)
        self._begin_next()

    def leave(self) -> None:
        """Note that a work has ended, and begin the next."""
        self.busy -= 1
        self._begin_next()

    def _begin_next(self) -> None:
        while self.waiting and self.busy < self.places:
            work = self.waiting.popleft()
            if not work.given_up:
                self.busy += 1
                work.begin()


class Work:
    """One request: it waits for its place, then for its latency, then gets its response."""

    def __init__(self, api: Api, behaviour: Behaviour, answer: Callable[[bool], None]) -> None:
        self.given_up = False
        self._api = api
        self._capacity = behaviour.capacity
        self._latency_s = behaviour.latency + behaviour.jitter * api.random.random()
        self._fails = api.random.random() < behaviour.error_rate
        self._answer = answer
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Start the latency: the work has its place."""
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._latency_s, self._end)

    def give_up(self) -> None:
        """Cancel the work, whose client has gone, and free its place at once."""
        self.given_up = True
        if self._timer is not None:
            self._timer.cancel()
            self._api.leave(self._capacity)

    def _end(self) -> None:
        self._api.leave(self._capacity)
        self._answer(self._fails)


class Api:
    """The state that all connections share: behaviour, waiting requests, counts."""

    def __init__(self, behaviour: Behaviour, seed: int) -> None:
        self.behaviour = behaviour
        self.random = Random(seed)  # nosec B311 # noqa: S311 - not used for secrets
        self.opened = 0  # connections since the start
        self.connections = 0  # open ones
        self.answered = 0
        self._gates: dict[int, Gate] = {}  # by capacity; only those in use

    def begin(self, query: str, answer: Callable[[bool], None]) -> Work:
        """Begin a request; `answer` is called with True if it fails. Raises BadQuery."""
        behaviour = self.behaviour.with_query(query)
        work = Work(self, behaviour, answer)
        places = behaviour.capacity or math.inf
        self._gates.setdefault(behaviour.capacity, Gate(places)).enter(work)
        return work

    def leave(self, capacity: int) -> None:
        """Free a place of the gate with this capacity."""
        gate = self._gates[capacity]
        gate.leave()
        if gate.idle:
            del self._gates[capacity]

    def state(self) -> dict[str, int]:
        """Return the current counts."""
        waiting = (not work.given_up for gate in self._gates.values() for work in gate.waiting)
        return {
            "opened": self.opened,
            "connections": self.connections,
            "busy": sum(gate.busy for gate in self._gates.values()),
            "waiting": sum(waiting),
            "answered": self.answered,
        }
