"""Questions at a terminal; without one, the error names the option."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from dashboard.management.lab_init.command import init
from dashboard.management.terminal.prompts import ask, choose
from dashboard.wire.errors import InvalidManifest
from tests.targets.small_projects import PLAIN, write_files

CHOICES = ["/srv/blog/manage.py", "/srv/shop/manage.py"]


class Terminal(io.StringIO):
    """A terminal with this input."""

    def isatty(self) -> bool:
        return True


def typed(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("".join(f"{line}\n" for line in lines)))


def test_a_number_chooses(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, "2")
    assert choose("path", "found 2 projects", CHOICES, "one as PATH") == 1
    assert "2. /srv/shop/manage.py" in capsys.readouterr().err


@pytest.mark.parametrize("answer", ["0", "3", "", "shop"])
def test_an_answer_that_chooses_nothing_is_refused(
    monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    typed(monkeypatch, answer)
    with pytest.raises(InvalidManifest, match="path: expected a number from 1 to 2, found"):
        choose("path", "found 2 projects", CHOICES, "one as PATH")


def test_without_a_terminal_the_option_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("1\n"))
    with pytest.raises(InvalidManifest) as refused:
        choose("path", "found 2 projects", CHOICES, "one as PATH")
    assert str(refused.value) == f"path: found 2 projects: {', '.join(CHOICES)}; give one as PATH"
    with pytest.raises(InvalidManifest, match="python: found none; give --python P"):
        ask("python", "found none", "Which? ", "--python P")


def test_a_project_and_its_interpreter_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("blog", "shop"):
        write_files(tmp_path / name, PLAIN)
    typed(monkeypatch, "2", "")
    drafted = init(
        {
            "path": tmp_path,
            "python": None,
            "settings_module": None,
            "output": None,
            "force": False,
            "try": False,
            "rows": False,
        }
    )
    assert drafted.notes == (
        f"Project: {tmp_path}/shop/manage.py, the nearest below.",
        f"Interpreter: {sys.executable}, Liveburst's own.",
        "Settings: shop.settings.",
    )
    assert drafted.project.directory == tmp_path / "shop"
