"""The JSON Schema by which editors complete a lab.toml."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command

from dashboard.project.labtoml.schema import lab_schema
from tests.targets.helpers import LIVEAPP, ROOT

SCHEMA = ROOT / "docs" / "lab.schema.json"


def keys_of(schema: dict[str, Any]) -> Iterator[str]:
    for table in (schema, *schema["$defs"].values()):
        yield from table["properties"]


def test_the_file_in_docs_is_current() -> None:
    update = "python manage.py lab schema > docs/lab.schema.json"
    assert SCHEMA.read_text() == lab_schema(), update


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("lab", "schema")
    assert capsys.readouterr().out == lab_schema()


def test_it_has_descriptions_and_no_null() -> None:
    """No null, which an editor would offer; a description of each key, which it shows."""
    assert "null" not in lab_schema()
    schema = json.loads(lab_schema())
    for table in (schema, *schema["$defs"].values()):
        assert not table["additionalProperties"]
        assert all(property_["description"] for property_ in table["properties"].values())


def test_the_reference_in_the_docs_has_each_key() -> None:
    reference = (ROOT / "docs" / "lab.md").read_text()
    words = set(re.findall(r"\w+", reference))
    assert set(keys_of(json.loads(lab_schema()))) - words == set()


def test_the_built_in_project_refers_to_it() -> None:
    first = LIVEAPP.read_text().partition("\n")[0]
    assert first.startswith("#:schema ")
    assert (LIVEAPP.parent / first.removeprefix("#:schema ")).resolve() == SCHEMA
