"""A piece of work and the ways to write it, as a lab.toml describes them. Plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Literal
from urllib.parse import quote

from dashboard.wire.exchange import NUMBERS_BACK, Exchange
from dashboard.wire.plan import Lane
from dashboard.wire.request_mode import Manner, Upload
from dashboard.wire.units import BYTES_PER_MB

from .service import ServiceOverrides

Family = Literal["sync", "async"]
Interface = Literal["wsgi", "asgi"]
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def wait_parameters(wait: str) -> list[str]:
    """The parameters in a wait."""
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
        """The upload with these parameters."""
        given = self.megabytes
        megabytes = parameters[given] if isinstance(given, str) else given
        return Upload(self.field, round(megabytes * BYTES_PER_MB))


@dataclass(frozen=True)
class Variant:
    """One way to write a scenario's work: a path in the project, with {parameter} in it.

    `at_a_time` is how many of these one event loop can do at once, where the code itself
    is the limit (`async-blocking`: 1); None where it is not. `source` is `module:function`.
    `needs` is the only kind of server that it works under. `body` is sent as it is, in UTF-8.
    `requires` names the project's requirements that it has. `cookies` are sent with each
    request, and with `login` those of a session that was logged in. `upload`, `poll_every_ms`,
    `websocket` and `chunks` are the manner in which it is asked (`wire.manner`), and `exchange`
    what is said on a websocket.
    `rows` are those of the scenario's CSV file, for {column} in path and body: each request takes
    the next. `wait` is what one request waits for, where that is not what the scenario says.
    `own` is what it is served with that differs from the project.
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

    def url_path(self, parameters: Mapping[str, float], row: int = 0) -> str:
        """The path to fire at, of one row where requests differ.

        Raises KeyError where something in braces is no parameter and no column.
        """
        plain = {name: _plain(value) for name, value in parameters.items()}
        column = self.rows[row] if self.rows else {}
        return self.path.format_map({**plain, **{key: quote(column[key], "") for key in column}})

    def manner(self, parameters: Mapping[str, float]) -> Manner:
        """How the engine asks."""
        return Manner(
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
        """What is said on a websocket, {parameter} filled in; other braces stay, as in a body."""
        values = {name: _plain(value) for name, value in parameters.items()}
        said = self.exchange
        return Exchange(
            tuple(_filled(text, values) for text in said.opening),
            _filled(said.message, values),
            _filled(said.answer, values),
        )

    def _body(self, row: Mapping[str, str]) -> str:
        """The body with a row's values for `{column}`; other braces stay, JSON is full of them."""
        return _filled(self.body, row)


@dataclass(frozen=True)
class Scenario:
    """One piece of work, its variants, and the run that is fired when nobody says otherwise.

    `wait` names the parameter that says how long one request waits, for the theory, or several
    whose product does: `calls * latency`.
    `concurrency` is the most that are in flight at once; None: all of them. `send_kb_per_s` and
    `every_s` are those of the load.
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

    def values(self, given: Mapping[str, float]) -> dict[str, float]:
        """A value for each parameter: the given one, or its default."""
        return {
            name: given.get(name, parameter.default) for name, parameter in self.parameters.items()
        }

    def wait_s(self, variant: str, parameters: Mapping[str, float]) -> float | None:
        """How many seconds one request of this variant waits; None where nobody says."""
        wait = self.variants[variant].wait or self.wait
        if wait is None:
            return None
        return prod(self._seconds(name, parameters[name]) for name in wait_parameters(wait))

    def _seconds(self, name: str, value: float) -> float:
        return value / 1000 if self.parameters[name].unit == "ms" else value


@dataclass(frozen=True)
class Expectation:
    """What a claim expects of one lane: `peak_in_app < 2`, in the words of `burst --expect`."""

    lane: Lane
    condition: str

    def __str__(self) -> str:
        return f"{self.lane}.{self.condition}"


@dataclass(frozen=True)
class ClaimSweep:
    """What a claim may be followed along: `over` is `concurrency=1..512`, in so many `levels`."""

    over: str
    levels: int | None = None


@dataclass(frozen=True)
class Claim:
    """A sentence that people believe, and what would have to hold on a scenario's lanes.

    `requests`, `concurrency`, `rounds`, `send_kb_per_s` and `parameters` are what the claim is
    fired with where that is not what the scenario says; None: as the scenario does. `sweep` is
    where more than one load answers it.
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
        """The lanes that it speaks of, each once, in the order of the expectations."""
        return tuple(dict.fromkeys(expectation.lane for expectation in self.expect))


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _plain(value: float) -> str:
    """3.0 as `3`, 0.1 as `0.1`: as a person would type it, and nothing lost."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))
