"""The shape of an exported run, as pydantic checks it: types, bounds, depth, finite numbers.

pydantic's parser itself refuses lone surrogates and more than 200 levels. The types of the parts
that a run shares with its report are those of `wire`, read by the codec.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import from_json

from dashboard.analysis.where.bounds import problems
from dashboard.models import ACTIVE, LaneSamples, Run, RunLane, Status
from dashboard.project.labtoml.problems import shown
from dashboard.runs.archive.masked import masked_fields
from dashboard.runs.reports.instrument import Reading
from dashboard.wire.codec import InvalidJson, read_json
from dashboard.wire.errors import Invalid, Problem
from dashboard.wire.plan.plan import MAX_LANES, MAX_ROUNDS
from dashboard.wire.report.report import Environment
from dashboard.wire.report.target_facts import TargetFacts
from dashboard.wire.report.where import LaneWhere
from dashboard.wire.untrusted import Json

VERSION: Final = 1
MOST_PROBLEMS: Final = 20
MAX_NUMBER: Final = 2**63 - 1
MAX_ROUND: Final = 10 * MAX_ROUNDS  # with those that were repeated under a new number
MAX_FRAMES: Final = 200_000
# 256 MB can describe a hundred million empty lists, which take 7 GB. Frames are one value each.
MOST_VALUES: Final = 2_000_000
ENDED: Final = [status for status in Status.values if status not in ACTIVE]


class InvalidImport(Invalid):
    """A file that is not an exported run, with the problems by place."""


def _bounded(value: Any, place: str = "") -> Any:
    """Return a JSON value all of whose numbers are finite and fit into 64 bits."""
    if isinstance(value, dict):
        for name, item in value.items():
            _bounded(item, f"{place}.{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            _bounded(item, f"{place}[{number}]")
    elif isinstance(value, int | float) and not (isfinite(value) and abs(value) <= MAX_NUMBER):
        raise InvalidJson(Problem(place, "expected a finite number below 2^63"))
    return value


def _as(kind: Any) -> Callable[[Any], Any]:
    """Return a function that reads a JSON value as a type of `wire`, without unknown keys."""
    return lambda value: read_json(kind, _bounded(value), ignore_unknown=True)


def _reading(value: Json) -> Json:
    reading = Reading.from_json(value)
    if not (0 <= reading.lane < MAX_LANES and 0 <= reading.round <= MAX_ROUND):
        found = f"lane {reading.lane}, round {reading.round}"
        raise InvalidJson(Problem("", f"expected a lane and a round of the run, found {found}"))
    return value


def _where(value: Json) -> LaneWhere:
    """Return a sampled firing: of its type, within the bounds, each stack with frames it has."""
    where: LaneWhere = _as(LaneWhere)(value)
    found = [Problem("", problem) for problem in problems(where)]
    if found:
        raise InvalidJson(*found)
    return where


def _text(max_length: int) -> Any:
    return Field(max_length=max_length)


Number: TypeAlias = Annotated[float, Field(ge=0, le=1e12)]
Line: TypeAlias = Annotated[str, _text(10_000)]
JsonDict: TypeAlias = Annotated[Json, AfterValidator(_bounded)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False, extra="ignore")


class ImportedRun(_Part):
    """The run; its fields are copied unchanged."""

    project: Annotated[str, _text(100)]
    plan: JsonDict
    title: Annotated[str, _text(200)]
    environment: Annotated[Json, AfterValidator(_as(Environment))]
    warnings: Annotated[list[Line], Field(max_length=1000)]
    spoiled: Line
    discarded_rounds: Annotated[
        list[Annotated[int, Field(ge=1, le=MAX_ROUND)]], Field(max_length=MAX_ROUND)
    ]
    floor_ms: Number | None
    limit_rps: Number | None
    status: str
    problem: Annotated[str, _text(100_000)]
    log_tail: Annotated[str, _text(1_000_000)]

    def stored(self) -> dict[str, Any]:
        """Return the fields of the run's row."""
        return {name: getattr(self, name) for name in RUN_FIELDS}


class ImportedLane(_Part):
    """A lane; `wait_s` was a field of the run in earlier files."""

    position: Annotated[int, Field(ge=0, lt=MAX_LANES)]
    name: Annotated[str, _text(200)]
    family: Literal["sync", "async"]
    capacity: Annotated[int, Field(ge=0, le=10**6)] | None
    wait_s: Annotated[float, Field(ge=0, le=1e6)] | None
    concurrency: Annotated[str, _text(200)]
    facts: Annotated[Json, AfterValidator(_as(TargetFacts))]

    def of(self, run: Run) -> RunLane:
        """Return the lane's row."""
        fields = {name: getattr(self, name) for name in LANE_FIELDS}
        return RunLane(run=run, **masked_fields(fields))


class ImportedSamples(_Part):
    """A sampled firing of the lane at a position, or why there is none."""

    lane: Annotated[int, Field(ge=0, lt=MAX_LANES)]
    where: Annotated[Json, AfterValidator(_where)] | None
    missing: Line

    def of(self, lane: RunLane) -> LaneSamples:
        """Return the row of a lane's sampled firing."""
        where = self.where and {**self.where, "lane": lane.name}
        return LaneSamples(lane=lane, **masked_fields({"where": where, "missing": self.missing}))


class ImportedFile(_Part):
    """An exported run. Its report is computed again; a file of an older version has no samples."""

    liveburst: Literal[1]
    run: ImportedRun
    lanes: Annotated[list[ImportedLane], Field(max_length=MAX_LANES)]
    readings: Annotated[
        list[Annotated[JsonDict, AfterValidator(_reading)]],
        Field(max_length=MAX_ROUND * MAX_LANES),
    ]
    samples: Annotated[list[ImportedSamples], Field(max_length=MAX_LANES)] = []
    frames: Annotated[list[str], Field(max_length=MAX_FRAMES)]

    @model_validator(mode="before")
    @classmethod
    def _with_waits(cls, data: Any) -> Any:
        """Give the lanes the wait that the run of an earlier file has for all of them."""
        if isinstance(data, dict) and isinstance(data.get("lanes"), list):
            run = data.get("run")
            wait = {"wait_s": run.get("wait_s") if isinstance(run, dict) else None}
            lanes = [wait | lane if isinstance(lane, dict) else lane for lane in data["lanes"]]
            return {**data, "lanes": lanes}
        return data


# Copied unchanged; the other fields belong to this laboratory: id, owner, place in the queue.
RUN_FIELDS: Final = tuple(ImportedRun.model_fields)
LANE_FIELDS: Final = tuple(ImportedLane.model_fields)


def parsed(text: str | bytes) -> Any:
    """Return the value in a JSON text. Raises InvalidImport.

    `model_validate_json` does both steps, but has the text three times while it does.
    """
    if (values := _most_values(text)) > MOST_VALUES:
        found = f"expected at most {MOST_VALUES:,} values, found up to {values:,}"
        raise InvalidImport(Problem("file", found))
    try:
        return from_json(text)
    except ValueError as error:
        raise InvalidImport(Problem("file", f"expected JSON, found: {error}")) from None


def _most_values(text: str | bytes) -> int:
    """Return how many values a JSON text has at most: each but one follows one of these.

    Counted before it is parsed, since a parser under a limit of memory hangs when it is reached.
    """
    if isinstance(text, bytes):
        return sum(map(text.count, (b",", b"[", b"{")))
    return sum(map(text.count, ",[{"))


def checked_file(value: Any) -> ImportedFile:
    """Return the parts of an exported run. Raises InvalidImport with every place."""
    try:
        return ImportedFile.model_validate(value)
    except ValidationError as error:
        details = error.errors(include_url=False)[:MOST_PROBLEMS]
        problems = [problem for detail in details for problem in _problems(detail)]
        raise InvalidImport(*problems) from None


def _problems(error: Any) -> Sequence[Problem]:
    place = _place(error["loc"])
    if place in {"", "liveburst"}:
        expected = f"expected a run that Liveburst exported (liveburst: {VERSION})"
        return [Problem("file", expected)]
    if error["type"] == "missing":
        return [Problem(place, "expected, found nothing")]
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, Invalid):
        return [Problem(_joined(place, inner.field), inner.message) for inner in cause.problems]
    expected = error["msg"].removeprefix("Input should be ")
    return [Problem(place, f"expected {expected}, found {shown(error['input'])}")]


def _place(location: Sequence[str | int]) -> str:
    """Return the path to a value: *lanes[0].facts*."""
    place = ""
    for part in location:
        place += f"[{part}]" if isinstance(part, int) else f".{part}"
    return place.removeprefix(".")


def _joined(place: str, inner: str) -> str:
    return place + (inner if not inner or inner[0] in ".[" else f".{inner}")
