"""A project with a mix: reports that hold threads, and pages that wait for them."""

from __future__ import annotations

from pathlib import Path

from .conftest import ROOT

MIX = "shop"
_LAB = """
[project]
name = "shop"
directory = "{root}"
wsgi = "liveapp.wsgi:application"
asgi = "liveapp.asgi:application"
env = {{ DJANGO_SETTINGS_MODULE = "liveapp.settings" }}
neighbour = "/ping/"

[scenario.report]
title = "A report"
lanes = ["sync@gunicorn-gthread"]
variant.sync = {{ family = "sync", path = "/sleep/sync/?delay=0.1" }}

[scenario.search]
title = "A search"
lanes = ["sync@gunicorn-gthread"]
variant.sync = {{ family = "sync", path = "/sleep/sync/?delay=0.02" }}

[scenario.page]
title = "A page"
lanes = ["sync@gunicorn-gthread"]
variant.sync = {{ family = "sync", path = "/sleep/sync/?delay=0.005" }}

[mix.shop]
title = "The shop at noon"
servers = ["gunicorn-gthread:threads=4", "gunicorn-gthread:threads=32"]
rate = 55
duration = 2

[mix.shop.weights]
"report.sync" = 6
"search.sync" = 2
"page.sync" = 3
"""


def lab_with_mix(directory: Path) -> Path:
    """Write a lab.toml of liveapp with a mix of three views, and return its path."""
    path = directory / "lab.toml"
    path.write_text(_LAB.format(root=ROOT))
    return path
