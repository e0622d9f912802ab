"""Suggested commands begin as the person began, and survive the shell."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from dashboard.runs.planning import program as module
from dashboard.runs.planning.program import (
    DEFAULT_PROJECT,
    as_typed,
    program,
    project_option,
    suggested_command,
)


@pytest.mark.parametrize(
    ("original", "arguments", "expected"),
    [
        (["python", "manage.py", "lab"], ["manage.py", "lab"], ["python", "manage.py"]),
        (
            [".venv/bin/python", "-X", "dev", "../lab/manage.py", "lab", "--port", "0"],
            ["../lab/manage.py", "lab", "--port", "0"],
            [".venv/bin/python", "-X", "dev", "../lab/manage.py"],
        ),
        (
            ["python3", "-m", "django", "burst", "sleep"],
            ["/site/django/__main__.py", "burst", "sleep"],
            ["python3", "-m", "django"],
        ),
        (["/v/python", "/v/liveburst", "lab"], ["/v/liveburst", "lab"], ["/v/liveburst"]),
        (["python", "-m", "pytest"], ["/site/pytest/__main__.py"], ["python", "manage.py"]),
    ],
)
def test_the_words_that_were_typed(
    original: list[str], arguments: list[str], expected: list[str]
) -> None:
    assert list(program(arguments, original)) == expected


def test_an_installed_command_on_the_path_is_named_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "liveburst"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program([str(script), "lab"], ["python", str(script), "lab"]) == ("liveburst",)


@pytest.mark.parametrize("name", ["lab.toml", "my shop/lab.toml", "it's/$HOME.toml", "a;b&c.toml"])
def test_a_shell_reads_back_what_was_meant(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "program", lambda: ("python", "my tools/manage.py"))
    words = shlex.split(suggested_command("lab", "--project", Path(name)))
    assert words == ["python", "my tools/manage.py", "lab", "--project", name]


def test_what_lies_below_is_named_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert as_typed(tmp_path / "shop" / "lab.toml") == "shop/lab.toml"
    assert as_typed(tmp_path.parent / "lab.toml") == str(tmp_path.parent / "lab.toml")


def test_the_project_is_named_unless_it_is_the_built_in_one(tmp_path: Path) -> None:
    assert project_option(DEFAULT_PROJECT.resolve()) is None
    assert project_option(tmp_path / "lab.toml") == str(tmp_path / "lab.toml")
