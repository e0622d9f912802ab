"""Environment variables in files, read as the usual loaders read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.project.labtoml.load import load_manifest
from dashboard.project.secrets.env_files import read_env_file
from dashboard.wire.errors import InvalidManifest
from tests.targets.small_projects import write_files

LAB = """
[project]
name = "shop"
wsgi = "shop:wsgi"
env_files = [".env", "more/.local"]
env = { LEVEL = "written" }
[scenario.ask]
title = "Asking"
lanes = ["sync@gunicorn-sync"]
[scenario.ask.variant.sync]
family = "sync"
path = "/"
"""


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        ("export A=1", "1"),
        ("  A = spaced  ", "spaced"),
        ("A=", ""),
        ("A=x # a comment", "x"),
        ("A=a#b", "a#b"),
        ("A='${HOME} # kept'", "${HOME} # kept"),
        ('A="two # kept" # a comment', "two # kept"),
        ('A="a\\nb\\"c\\\\d"', 'a\nb"c\\d'),
        ('A="two\nlines"', "two\nlines"),
        ("A=${HOME}/x", "/home/shop/x"),
        ("A=${NOT_THERE:-else}", "else"),
        ("B=1\nA=${B}2", "12"),
        ("# A=2\nA=1\r", "1"),
        ("A=django-insecure-$1+a'b\"c", "django-insecure-$1+a'b\"c"),
        ("A=postgres://u:p@h:5/db?x=1#frag", "postgres://u:p@h:5/db?x=1#frag"),
    ],
)
def test_a_line_is_read_as_the_usual_loaders_read_it(tmp_path: Path, line: str, value: str) -> None:
    file = tmp_path / ".env"
    file.write_bytes(line.encode())
    assert read_env_file(file, {"HOME": "/home/shop"})["A"] == value


def test_the_environment_takes_precedence_then_the_earlier_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_SET", "by the person")
    files = {
        ".env": "SHOP_SET=x\nSHOP_KEY=first\nLEVEL=filed\nWEB_CONCURRENCY=9",
        "more/.local": "SHOP_KEY=second\nSHOP_MORE=1",
        "lab.toml": LAB,
    }
    project = load_manifest(write_files(tmp_path, files) / "lab.toml")
    assert dict(project.env) == {"LEVEL": "written", "SHOP_KEY": "first", "SHOP_MORE": "1"}


def test_a_missing_file_is_a_problem_of_the_key(tmp_path: Path) -> None:
    write_files(tmp_path, {".env": "", "lab.toml": LAB})
    with pytest.raises(InvalidManifest, match=r"lab.toml: project.env_files: expected files"):
        load_manifest(tmp_path / "lab.toml")
