"""A slow API without its HTTP: how slow an answer is, who waits for a place, and what is said."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any
from urllib.parse import parse_qsl

TODOS = 200
TODOS_PER_USER = 20
WORDS = ("delectus", "aut", "autem", "quis", "ut", "nam", "facilis", "et", "officia", "qui")
LIMITS = {"latency": 60.0, "jitter": 60.0, "error_rate": 1.0, "capacity": 100_000.0}


class BadQuery(ValueError):
    """What a request asked for cannot be had."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


@dataclass(frozen=True)
class Behaviour:
    """How slow, how reliable and how wide the API is."""

    latency: float = 0.0  # seconds
    jitter: float = 0.0  # seconds
    error_rate: float = 0.0  # 0 to 1
    capacity: int = 0  # requests at once; 0: all of them

    def told(self, query: str) -> Behaviour:
        """The same, but for what a request's query says. Raises BadQuery."""
        said = dict(parse_qsl(query, keep_blank_values=True))
        return replace(self, **{name: limited(name, said[name]) for name in LIMITS if name in said})


def limited(name: str, text: str) -> Any:
    """The number that a text gives for a part of the Behaviour. Raises BadQuery."""
    kind, what = (int, "a whole number") if name == "capacity" else (float, "a number")
    try:
        value: float = kind(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= LIMITS[name]:  # NaN fails this too
        raise BadQuery(name, f"expected {what} from 0 to {LIMITS[name]:g}, found {text!r}")
    return value


def todo(number: int) -> dict[str, Any]:
    """The todo of that number, 1 to TODOS, in the form that jsonplaceholder gives it."""
    length = 3 + (number - 1) % 5
    return {
        "userId": (number - 1) // TODOS_PER_USER + 1,
        "id": number,
        "title": " ".join(WORDS[(number - 1 + place) % len(WORDS)] for place in range(length)),
        "completed": number % 4 == 0,
    }


class Gate:
    """Lets at most so many works begin before others end; the rest wait in their order."""

    def __init__(self, places: float) -> None:
        self.places = places
        self.busy = 0
        self.waiting: deque[Work] = deque()

    @property
    def idle(self) -> bool:
        """Whether nobody is inside and nobody waits."""
        return not self.busy and not self.waiting

    def enter(self, work: Work) -> None:
        """Begin the work, now or when its turn comes."""
        self.waiting.append(work)
        self._let_in()

    def leave(self) -> None:
        """One that was begun has ended."""
        self.busy -= 1
        self._let_in()

    def _let_in(self) -> None:
        while self.waiting and self.busy < self.places:
            work = self.waiting.popleft()
            if not work.given_up:
                self.busy += 1
                work.begin()


class Work:
    """One request at work: it waits for its place, then for its latency, then it is answered."""

    def __init__(self, api: Api, behaviour: Behaviour, answer: Callable[[bool], None]) -> None:
        self.given_up = False
        self._api = api
        self._capacity = behaviour.capacity
        self._latency_s = behaviour.latency + behaviour.jitter * api.random.random()
        self._fails = api.random.random() < behaviour.error_rate
        self._answer = answer
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """It has its place."""
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._latency_s, self._end)

    def give_up(self) -> None:
        """Nobody wants the answer any more: its place is another's at once."""
        self.given_up = True
        if self._timer is not None:
            self._timer.cancel()
            self._api.leave(self._capacity)

    def _end(self) -> None:
        self._api.leave(self._capacity)
        self._answer(self._fails)


class Api:
    """What all connections share: how it behaves, who waits, and what has been counted."""

    def __init__(self, behaviour: Behaviour, seed: int) -> None:
        self.behaviour = behaviour
        self.random = Random(seed)  # noqa: S311 - nothing is secret about it
        self.opened = 0  # connections since it began
        self.connections = 0  # that are open
        self.answered = 0
        self._gates: dict[int, Gate] = {}  # by capacity; those that are in use

    def begin(self, query: str, answer: Callable[[bool], None]) -> Work:
        """Work on a request; `answer` is told whether it fails. Raises BadQuery."""
        behaviour = self.behaviour.told(query)
        work = Work(self, behaviour, answer)
        places = behaviour.capacity or math.inf
        self._gates.setdefault(behaviour.capacity, Gate(places)).enter(work)
        return work

    def leave(self, capacity: int) -> None:
        """A work that had its place among so many has ended."""
        gate = self._gates[capacity]
        gate.leave()
        if gate.idle:
            del self._gates[capacity]

    def state(self) -> dict[str, int]:
        """How things stand."""
        waiting = (not work.given_up for gate in self._gates.values() for work in gate.waiting)
        return {
            "opened": self.opened,
            "connections": self.connections,
            "busy": sum(gate.busy for gate in self._gates.values()),
            "waiting": sum(waiting),
            "answered": self.answered,
        }
