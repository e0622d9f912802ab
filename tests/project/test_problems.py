"""Problems of a lab.toml: all at once, each at its place, in our words, without secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.project.labtoml.load import load_manifest
from dashboard.wire.errors import InvalidManifest

LAB = """
[project]
name = "shop"
wsgi = "shop:application"
env = { LEVEL = "1" }
url = "http://127.0.0.1:8001"
setup = [["python", "manage.py"]]
[project.login]
path = "/login/"
username = "SHOP_USER"
password = "SHOP_PASSWORD"
[scenario.sleep]
title = "Sleeping"
parameters.delay = { default = 1, min = 0, max = 9 }
lanes = ["sync@daphne"]
[scenario.sleep.variant.sync]
family = "sync"
path = "/?delay={delay}"
headers = { Accept = "text/html" }
cookies = { theme = "dark" }
"""


def problems(directory: Path, *changes: tuple[str, str]) -> list[str]:
    text = LAB
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (directory / "lab.toml").write_text(text)
    with pytest.raises(InvalidManifest) as refused:
        load_manifest(directory / "lab.toml")
    return [str(problem) for problem in refused.value.problems]


DELAY_MIN = "scenario.sleep.parameters.delay.min"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("min = 0,", "", f"{DELAY_MIN}: expected a number, found none"),
        ("min = 0", "min = true", f"{DELAY_MIN}: expected a number, found true"),
        ("min = 0", "min = '0'", f"{DELAY_MIN}: expected a number, found '0'"),
        ('"shop"', "3", "project.name: expected a text, found 3"),
        ('"shop"', "[1, 2]", "project.name: expected a text, found a list of 2 items"),
        ('"shop"', "1979-05-27", "project.name: expected a text, found 1979-05-27"),
        ('"shop"', f'"a\\n{"b" * 100}"', "project.name: expected a text, found a text of 102 char"),
        ("name =", "nam =", "project.name: expected a text, found none"),
        ("wsgi =", "sgiw = 1\nwsgi =", "project.sgiw: unknown key; did you mean wsgi?"),
        ("wsgi =", "x = 1\nwsgi =", "project.x: unknown key; expected one of allow_remote, asgi, "),
        (
            "sleep.variant.",
            "sleep.variants.",
            "scenario.sleep.variant: expected a table, found",
        ),
        ("[scenario", "[scenario.'a b']\n[scenario", "scenario.a b: expected a name of letters, "),
        (
            "[scenario",
            "[version.old]\n[scenario",
            "version.old: expected either a directory or",
        ),
    ],
)
def test_each_problem_names_its_place_and_what_was_expected_and_found(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    messages = problems(tmp_path, (old, new))
    assert any(message.startswith(f"lab.toml: {problem}") for message in messages), messages


def test_bad_values_and_bad_references_are_reported_together(tmp_path: Path) -> None:
    """Checks between tables are made even if a value elsewhere is wrong."""
    messages = problems(
        tmp_path,
        ('name = "shop"', "name = 3"),
        ("{delay}", "{speed}"),
        ("sync@daphne", "sync@apache"),
    )
    assert [message.partition(": expected")[0] for message in messages] == [
        "lab.toml: project.name",
        "lab.toml: scenario.sleep.variant.sync.path",
        "lab.toml: scenario.sleep.lanes: sync@apache",
    ]


def test_one_bad_value_is_one_problem(tmp_path: Path) -> None:
    """The stand-in for a wrong value causes no problem of its own."""
    assert len(problems(tmp_path, ("max = 9", 'max = "9"'))) == 1
    assert len(problems(tmp_path, ('family = "sync"', ""))) == 1
    assert len(problems(tmp_path, ('["sync@daphne"]', "3"))) == 1


SECRET = "hunter2!"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('LEVEL = "1"', f'LEVEL = ["{SECRET}"]'),
        ('LEVEL = "1"', f'LEVEL = "{SECRET}\\u0000"'),
        ('{ LEVEL = "1" }', f'"LEVEL={SECRET}"'),
        ('"text/html"', f'"{SECRET}\\n"'),
        ('"dark"', f'"{SECRET} "'),
        ('"SHOP_PASSWORD"', f'"{SECRET}"'),
        ('[["python", "manage.py"]]', f'["--password", "{SECRET}"]'),
        ("http://127", f"http://shop:{SECRET}@127"),
        ("[scenario.sleep]", f'[companion]\nupstream = "{SECRET}"\n[scenario.sleep]'),
    ],
)
def test_no_error_shows_a_secret(tmp_path: Path, old: str, new: str) -> None:
    assert SECRET not in str(problems(tmp_path, (old, new)))
