"""A project whose application raises while it is imported."""

from __future__ import annotations

from pathlib import Path

ERROR = "a typo of mine"
LAB_TOML = """
[project]
name = "broken"
wsgi = "broken:application"
[scenario.any]
title = "Anything"
lanes = ["sync@gunicorn-sync"]
[scenario.any.variant.sync]
family = "sync"
path = "/"
"""


def broken_project(directory: Path) -> str:
    """Write the project into a directory; return the path of its lab.toml."""
    (directory / "broken.py").write_text(f"raise RuntimeError({ERROR!r})\n")
    lab = directory / "lab.toml"
    lab.write_text(LAB_TOML)
    return str(lab)
