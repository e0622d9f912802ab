"""Files for readers in other languages are current, and a report matches its schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from dashboard.wire.codec import read_json
from dashboard.wire.report.report import Report
from tests.analysis.causes.test_causes import PLANTED, THREADS, free
from tests.analysis.planted import Planted, report_of
from tests.analysis.report import test_rate as rates
from tests.golden import contract

SCHEMA = json.loads(contract.SCHEMA.read_text())
UPDATE = "python -m tests.golden.make"
TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
    "array": list,
    "object": dict,
}


def test_the_files_are_current() -> None:
    assert contract.SCHEMA.read_text() == contract.report_schema(), UPDATE
    assert contract.DECLARATIONS.read_text() == contract.declarations(), UPDATE


def problems(value: Any, schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """Yield where a value is not of its schema: the words of JSON Schema that ours has."""
    if "$ref" in schema:
        yield from problems(value, SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], path)
    elif "anyOf" in schema:
        if all(list(problems(value, option, path)) for option in schema["anyOf"]):
            yield f"{path}: {value!r} is none of these"
    elif "enum" in schema:
        if value not in schema["enum"]:
            yield f"{path}: {value!r}"
    elif "type" in schema:
        yield from _problems_of_type(value, schema, path)


def _problems_of_type(value: Any, schema: dict[str, Any], path: str) -> Iterator[str]:
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    allowed = [kind for kind in kinds if isinstance(value, TYPES[kind])]
    if not allowed or (isinstance(value, bool) and "boolean" not in kinds):
        yield f"{path}: {value!r} is no {kinds}"
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from problems(item, schema["items"], f"{path}[{number}]")
    elif isinstance(value, dict):
        yield from _problems_of_object(value, schema, path)


def _problems_of_object(value: dict[str, Any], schema: dict[str, Any], path: str) -> Iterator[str]:
    properties, others = schema.get("properties", {}), schema["additionalProperties"]
    yield from (
        f"{path}.{name}: missing" for name in schema.get("required", ()) if name not in value
    )
    for name, item in value.items():
        if name in properties:
            yield from problems(item, properties[name], f"{path}.{name}")
        elif others is False:
            yield f"{path}.{name}: unknown"
        elif others is not True:
            yield from problems(item, others, f"{path}.{name}")


def check(report: Any) -> None:
    sent = json.loads(json.dumps(report))
    assert list(problems(sent, SCHEMA)) == []
    assert read_json(Report, sent) == sent


@pytest.mark.parametrize(("_", "slow", "fast"), PLANTED)
def test_reports_of_every_cause_are_what_the_schema_says(
    _: str, slow: Planted, fast: Planted
) -> None:
    check(report_of([slow, fast], 40))


@pytest.mark.parametrize(
    "more",
    [
        {"control": True},
        {"no_verdict_reason": "The engine was late."},
        {"disturbed_reason": "The engine was late."},
        {"until_sure": True},
        {"discarded": {2: "stolen"}},
    ],
)
def test_reports_of_every_kind_of_run_are(more: dict[str, Any]) -> None:
    check(report_of([THREADS, free()], 40, **more))


def test_reports_of_a_rate_are() -> None:
    check(rates.report((1.0, 5.0), (1.0, 9.0)))


def test_what_is_no_report_is_not() -> None:
    report = json.loads(json.dumps(report_of([THREADS, free()], 20)))
    report["lanes"][0] |= {"ok": None, "unknown": 1}
    del report["lanes"][1]["requests"]
    problems_ = list(problems(report, SCHEMA))
    assert [problem.partition(":")[0] for problem in problems_] == [
        ".lanes[0].ok",
        ".lanes[0].unknown",
        ".lanes[1].requests",
    ]
