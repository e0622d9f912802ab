"""A piece of work, the ways to write it, and claims about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Literal
from urllib.parse import quote

from dashboard.wire.plan.exchange import NUMBERS_BACK, Exchange, OpeningStep
from dashboard.wire.plan.plan import Lane
from dashboard.wire.plan.request_mode import RequestMode, Upload
from dashboard.wire.units import BYTES_PER_MB, MS_PER_S

from .service import ServiceOverrides

Family = Literal["sync", "async"]
Interface = Literal["wsgi", "asgi"]
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def wait_parameters(wait: str) -> list[str]:
    """Return the names of the parameters in a wait like `calls * latency`."""
    return [name.strip() for name in wait.split("*")]


@dataclass(frozen=True)
class Parameter:
    """A number that a scenario takes, `min` to `max`; `offers` are values worth a button."""

    name: str
    default: float
    min: float
    max: float
    unit: str = ""
    offers: tuple[float, ...] = ()


@dataclass(frozen=True)
class UploadForm:
    """A file in the field `field` of a form; `megabytes` is a number or the name of a parameter."""

    field: str
    megabytes: float | str

    def of(self, parameters: Mapping[str, float]) -> Upload:
        """Return the upload for these parameters."""
        size = self.megabytes
        megabytes = parameters[size] if isinstance(size, str) else size
        return Upload(self.field, round(megabytes * BYTES_PER_MB))


@dataclass(frozen=True)
class Variant:
    """One way to write a scenario's work: a path in the project, with {parameter} in it.

    source: the view, `module:function`.
    needs: the only interface that it works under.
    at_a_time: how many requests one event loop can handle at once if the code itself is the
        limit (`async-blocking`: 1), else None.
    body: sent unchanged, in UTF-8.
    requires: names of the project's requirements.
    cookies: sent with each request; with `login`, those of a logged-in session too.
    upload, poll_every_ms, websocket, chunks: the request mode.
    exchange: the messages of a websocket.
    rows: of the scenario's CSV file, for {column} in path and body; each request takes the next.
    wait: which parameters make up the waiting time, if not those of the scenario.
    mix: the views of a mix, which it is then instead of a view of its own.
    overrides: what it is served with instead of the project's own.
    """

    name: str
    family: Family
    path: str
    source: str | None = None
    needs: Interface | None = None
    at_a_time: int | None = None
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    requires: tuple[str, ...] = ()
    cookies: tuple[tuple[str, str], ...] = ()
    login: bool = False
    upload: UploadForm | None = None
    poll_every_ms: float | None = None
    websocket: bool = False
    exchange: Exchange = NUMBERS_BACK
    chunks: bool = False
    rows: tuple[Mapping[str, str], ...] = ()
    wait: str | None = None
    overrides: ServiceOverrides | None = None
    mix: tuple[MixPart, ...] = ()

    def url_path(self, parameters: Mapping[str, float], row: int = 0) -> str:
        """Return the path to fire at, with the values of one row if there are rows.

        Raises KeyError if a name in braces is neither a parameter nor a column.
        """
        plain = {name: _plain(value) for name, value in parameters.items()}
        column = self.rows[row] if self.rows else {}
        return self.path.format_map({**plain, **{key: quote(column[key], "") for key in column}})

    def request_mode(self, parameters: Mapping[str, float]) -> RequestMode:
        """Return the request mode for these parameters."""
        return RequestMode(
            upload=self.upload.of(parameters) if self.upload else None,
            poll_every_ms=self.poll_every_ms,
            websocket=self.websocket,
            exchange=self._exchange(parameters),
            chunks=self.chunks,
            rows=tuple(
                (self.url_path(parameters, number), self._body(row))
                for number, row in enumerate(self.rows)
            ),
        )

    def _exchange(self, parameters: Mapping[str, float]) -> Exchange:
        """Return the messages of a websocket, {parameter} filled in; other braces stay."""
        values = {name: _plain(value) for name, value in parameters.items()}
        exchange = self.exchange
        return Exchange(
            tuple(_filled_step(step, values) for step in exchange.opening),
            _filled(exchange.message, values),
            _filled(exchange.answer, values),
        )

    def _body(self, row: Mapping[str, str]) -> str:
        """Return the body with a row's values for {column}; other braces stay, as in JSON."""
        return _filled(self.body, row)


@dataclass(frozen=True)
class MixPart:
    """A view of a mix, `SCENARIO.VARIANT`: its variant, its path and bodies, and its weight."""

    name: str
    weight: float
    variant: Variant
    parameters: Mapping[str, float]

    @property
    def requests(self) -> tuple[tuple[str, str], ...]:
        """Path and body of its requests, which take turns."""
        rows = self.variant.request_mode(self.parameters).rows
        return rows or ((self.variant.url_path(self.parameters), self.variant.body),)


@dataclass(frozen=True)
class Scenario:
    """One piece of work, its variants, and its default run.

    wait: the parameters whose product is the time that one request waits: `calls * latency`. The
        theory needs it.
    concurrency: the most requests in flight at once, or None for all of them.
    send_kb_per_s, every_s: as in the load (`wire.load`).
    rate_rps, duration_s: of a mix, a Poisson load instead of a burst; else None.
    """

    name: str
    title: str
    parameters: Mapping[str, Parameter]
    lanes: tuple[Lane, ...]
    requests: int
    rounds: int
    variants: Mapping[str, Variant]
    wait: str | None = None
    concurrency: int | None = None
    send_kb_per_s: float | None = None
    every_s: float = 0.0
    rate_rps: float | None = None
    duration_s: float | None = None

    @property
    def mix(self) -> dict[str, float]:
        """The views of a mix and their weights; empty if it is none."""
        parts = (part for variant in self.variants.values() for part in variant.mix)
        return {part.name: part.weight for part in parts}

    def values(self, given: Mapping[str, float]) -> dict[str, float]:
        """Return a value for each parameter: the given one, or its default."""
        return {
            name: given.get(name, parameter.default) for name, parameter in self.parameters.items()
        }

    def wait_s(self, variant: str, parameters: Mapping[str, float]) -> float | None:
        """Return how many seconds one request of this variant waits; None if unknown."""
        wait = self.variants[variant].wait or self.wait
        if wait is None:
            return None
        return prod(self._seconds(name, parameters[name]) for name in wait_parameters(wait))

    def _seconds(self, name: str, value: float) -> float:
        return value / MS_PER_S if self.parameters[name].unit == "ms" else value


@dataclass(frozen=True)
class Expectation:
    """A condition on one lane, `peak_in_app < 2`, in the grammar of `burst --expect`."""

    lane: Lane
    condition: str

    def __str__(self) -> str:
        return f"{self.lane}.{self.condition}"


@dataclass(frozen=True)
class ClaimSweep:
    """A sweep that a claim offers: over `concurrency=1..512`, in this many levels."""

    over: str
    levels: int | None = None


@dataclass(frozen=True)
class Claim:
    """A sentence that people believe, and what would have to hold on a scenario's lanes.

    `requests`, `concurrency`, `rounds`, `send_kb_per_s` and `parameters` override the scenario's
    run; None keeps the scenario's value. `sweep` is set if the claim needs more than one load.
    """

    name: str
    text: str
    scenario: str
    expect: tuple[Expectation, ...]
    requests: int | None = None
    concurrency: int | None = None
    rounds: int | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)
    send_kb_per_s: float | None = None
    sweep: ClaimSweep | None = None

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The lanes of its expectations, each once, in order."""
        return tuple(dict.fromkeys(expectation.lane for expectation in self.expect))


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _filled_step(step: OpeningStep, values: Mapping[str, str]) -> OpeningStep:
    send, answer = (
        None if text is None else _filled(text, values) for text in (step.send, step.answer)
    )
    return OpeningStep(send, answer)


def _plain(value: float) -> str:
    """Return 3.0 as `3` and 0.1 as `0.1`: short, and without loss of precision."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))
