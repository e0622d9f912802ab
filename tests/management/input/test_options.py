"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.management.options import lab_toml_path, read_project
from dashboard.wire.errors import InvalidManifest, InvalidPlan

FAR = """
[project]
name = "far"
url = "http://192.0.2.1:80"
directory = "."
allow_remote = true

[scenario.nothing]
title = "Nothing"
lanes = ["any@running"]
load = { requests = 1, rounds = 1 }

[scenario.nothing.variant.any]
family = "sync"
path = "/"
"""


def test_another_machine_needs_the_option_too(tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    path.write_text(FAR)
    with pytest.raises(InvalidPlan, match=r"expected --allow-remote .* found running"):
        read_project({"project": path, "allow_remote": False})
    assert read_project({"project": path, "allow_remote": True}).remote == ("running",)


def test_a_lab_toml_is_relative_to_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert lab_toml_path("shop/lab.toml") == Path("shop/lab.toml")
    assert lab_toml_path("shop") == Path("shop/lab.toml")
    assert lab_toml_path("~/shop") == tmp_path / "shop/lab.toml"
    with pytest.raises(InvalidManifest, match=r"^shop/lab\.toml: expected a file"):
        read_project({"project": lab_toml_path("shop"), "allow_remote": False})
