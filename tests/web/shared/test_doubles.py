"""What JavaScript duplicates equals its Python original (tests/js/doubles.test.js)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dashboard.wire.failure import Failure, failure_name, failure_names
from tests.golden.doubles import DOCUMENTED, HERE, doubles, loads

DASHBOARD = Path(__file__).parents[3] / "dashboard"
UPDATE = "python -m tests.golden.make"
FROM_THE_ENGINE = {"ready", "loop"}  # not for the page


def test_the_file_that_javascript_is_held_to_is_current() -> None:
    assert json.loads((HERE / "doubles.json").read_text()) == doubles(), UPDATE
    assert json.loads((HERE / "load.json").read_text()) == loads(), UPDATE


@pytest.mark.parametrize("failure", list(Failure))
def test_each_failure_has_its_name_at_its_number(failure: Failure) -> None:
    name = failure_names()[failure]
    if failure in {Failure.NONE, Failure.ABORTED}:
        assert name == ""
    elif failure is Failure.STATUS:
        assert failure_name(failure, 503) == f"{name}-503"
    else:
        assert name == failure_name(failure, 0)


@pytest.mark.parametrize("failure", list(Failure)[1:])
def test_each_failure_is_documented(failure: Failure) -> None:
    row = rf"^\| {int(failure)} \| `{failure_names()[failure]}"
    assert re.search(row, DOCUMENTED.read_text(), re.MULTILINE)


def test_events_for_the_page_are_documented() -> None:
    sources = [*DASHBOARD.glob("runs/**/*.py"), *DASHBOARD.glob("web/**/*.py")]
    event_names = {
        name for path in sources for name in re.findall(r'"event": "(\w+)"', path.read_text())
    }
    assert event_names - FROM_THE_ENGINE <= {*doubles()["events"], "starting"}
