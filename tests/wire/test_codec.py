"""What is written as JSON is read back, and what is refused is refused by its path."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

import pytest

from dashboard.wire.codec import InvalidJson, from_json, json_key, read_json, to_json
from dashboard.wire.plan.load import Burst, Load, Rate
from dashboard.wire.plan.plan import Lane


@dataclass(frozen=True)
class Point:
    x: int
    y: float = 0.0


@dataclass(frozen=True)
class Renamed:
    new: int = field(default=3, metadata=json_key("old"))


class Said(TypedDict):
    status: int | None
    words: list[str]


@dataclass(frozen=True)
class Everything:
    name: str
    lane: Lane
    load: Load
    points: tuple[Point, ...]
    pair: tuple[int, str]
    flag: bool
    which: Literal["a", "b"]
    either: int | str
    numbers: Mapping[str, float]
    names: Sequence[str]
    anything: Any
    missing: Point | None = None
    later: list[int] = field(default_factory=list)


EVERYTHING = Everything(
    name="all",
    lane=Lane("sync", "daphne"),
    load=Rate(50.0, 2.0),
    points=(Point(1, 2.5), Point(-1)),
    pair=(3, "three"),
    flag=True,
    which="b",
    either="text",
    numbers={"delay": 1},
    names=["one", "two"],
    anything={"as": ["it", "is"]},
)


def stored(**changes: Any) -> Any:
    return json.loads(json.dumps({**to_json(EVERYTHING), **changes}))


def test_what_is_written_is_read() -> None:
    assert from_json(Everything, stored()) == EVERYTHING
    changed = stored(missing={"x": 1}, later=[1])
    assert from_json(Everything, changed).missing == Point(1)


def test_a_lane_is_its_text_and_a_load_has_its_kind() -> None:
    assert stored()["lane"] == "sync@daphne"
    assert stored()["load"]["kind"] == "rate"


def test_a_field_with_a_default_may_be_missing() -> None:
    data = stored()
    del data["missing"], data["later"]
    assert from_json(Everything, data) == EVERYTHING


def test_a_typed_dict_is_read_as_an_object_with_these_keys() -> None:
    data = {"status": None, "words": ["one"]}
    assert read_json(list[Said], [data]) == [data]
    with pytest.raises(InvalidJson, match=r"\[0\]\.words\[0\]: expected text, found 1"):
        read_json(list[Said], [{**data, "words": [1]}])
    with pytest.raises(InvalidJson, match=r"status: expected, found nothing"):
        read_json(Said, {"words": []})


def test_a_load_without_a_kind_is_a_burst() -> None:
    assert read_json(Load, {"requests": 5, "concurrency": 2}) == Burst(5, 2)


@pytest.mark.parametrize(
    ("changes", "path", "expected"),
    [
        ({"name": 3}, "name", "expected text, found 3"),
        ({"points": [{"x": 1}, {"x": "1"}]}, "points[1].x", "expected a whole number, found '1'"),
        ({"points": [{"y": 1}]}, "points[0].x", "expected, found nothing"),
        ({"points": [{"x": 1, "z": 1}]}, "points[0].z", "not a known key"),
        ({"points": {}}, "points", "expected a list"),
        ({"pair": [1]}, "pair", "expected a list of 2"),
        ({"flag": 1}, "flag", "expected true or false, found 1"),
        ({"which": "c"}, "which", "expected 'a' or 'b', found 'c'"),
        ({"either": 0.5}, "either", "expected a whole number or text"),
        ({"numbers": {"delay": True}}, "numbers.delay", "expected a number, found True"),
        ({"numbers": []}, "numbers", "expected an object"),
        ({"load": {"kind": "none"}}, "load.kind", "expected burst or rate, found 'none'"),
        ({"missing": 3}, "missing", "expected an object, found 3"),
        ({"unknown": 3}, "unknown", "not a known key"),
    ],
)
def test_what_is_of_another_type_is_refused_by_its_path(
    changes: dict[str, Any], path: str, expected: str
) -> None:
    with pytest.raises(InvalidJson) as refused:
        from_json(Everything, stored(**changes))
    (problem,) = refused.value.problems
    assert problem.field == path
    assert expected in problem.message


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(InvalidJson) as refused:
        from_json(Everything, stored(name=1, pair=[1, 2], unknown=1))
    assert [problem.field for problem in refused.value.problems] == ["unknown", "name", "pair[1]"]


def test_a_field_may_have_another_key_than_its_name() -> None:
    assert to_json(Renamed(4)) == {"old": 4}
    assert from_json(Renamed, {"old": 4}) == Renamed(4)
    assert from_json(Renamed, {}) == Renamed()
    with pytest.raises(InvalidJson, match="new: not a known key"):
        from_json(Renamed, {"new": 4})


def test_unknown_keys_are_ignored_where_that_is_asked_for() -> None:
    data = stored(unknown=1, points=[{"x": 1, "z": 2}])
    read = from_json(Everything, data, ignore_unknown=True)
    assert read.points == (Point(1),)
