"""Suggested commands begin as Liveburst was started, and survive the shell."""

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
def test_the_program_is_as_typed(
    original: list[str], arguments: list[str], expected: list[str]
) -> None:
    assert list(program(arguments, original)) == expected


def test_an_installed_command_on_the_path_is_named_without_its_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "liveburst"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program([str(script), "lab"], ["python", str(script), "lab"]) == ("liveburst",)


@pytest.mark.parametrize("name", ["lab.toml", "my shop/lab.toml", "it's/$HOME.toml", "a;b&c.toml"])
def test_a_suggested_command_survives_the_shell(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "program", lambda: ("python", "my tools/manage.py"))
    words = shlex.split(suggested_command("lab", "--project", Path(name)))
    assert words == ["python", "my tools/manage.py", "lab", "--project", name]


def test_a_path_below_the_working_directory_is_relative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert as_typed(tmp_path / "shop" / "lab.toml") == "shop/lab.toml"
    assert as_typed(tmp_path.parent / "lab.toml") == str(tmp_path.parent / "lab.toml")


def test_project_option_is_left_out_for_the_built_in_project(tmp_path: Path) -> None:
    assert project_option(DEFAULT_PROJECT.resolve()) is None
    assert project_option(tmp_path / "lab.toml") == str(tmp_path / "lab.toml")
