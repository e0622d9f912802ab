"""Each number of a plan is described once: bounds, options and docs follow from that."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

import pytest

from dashboard.wire.plan.fields import PLAN_FIELDS, PlanField

COMMANDS = Path(__file__).parents[3] / "docs" / "commands.md"


def row(field: PlanField) -> str:
    default = "" if field.default is None else f"{field.default:g}"
    return f"| `{field.option}` | {field.help} | {field.bounds()} | {default} |"


def test_the_docs_have_a_row_of_each_number_in_this_order() -> None:
    table = COMMANDS.read_text().partition("### The numbers of a run")[2].partition("\n#")[0]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    assert rows == [row(field) for field in PLAN_FIELDS.values()]


@pytest.mark.parametrize("field", PLAN_FIELDS.values(), ids=lambda field: field.name)
def test_bounds_are_what_they_say(field: PlanField) -> None:
    assert field.problem(field.high) is None
    assert (field.problem(field.low) is None) is not field.above_low
    for value in (field.low - 1, field.high + 1, float("nan")):
        problem = field.problem(value)
        assert problem is not None
        assert problem.field == field.name
        assert problem.message == f"expected {field.bounds()}, found {value}"


def test_options_are_read_as_numbers_of_their_kind() -> None:
    parser = ArgumentParser()
    for field in PLAN_FIELDS.values():
        field.add_option(parser)
    given = vars(parser.parse_args(["-n", "7", "--rate", "0.5", "--seed", "3"]))
    assert given["requests"] == 7
    assert given["rate"] == 0.5
    assert given["timeout"] == PLAN_FIELDS["timeout"].default
    assert given["rounds"] is None
    assert "3 %" in parser.format_help()
