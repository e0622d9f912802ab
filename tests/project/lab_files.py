"""A lab.toml with something of most kinds, for tests to change."""

from __future__ import annotations

from pathlib import Path

GOOD = """
[project]
name = "shop"
wsgi = "shop.wsgi:application"
asgi = "shop.asgi:application"
env = { DJANGO_SETTINGS_MODULE = "shop.settings" }
setup = [["python", "manage.py", "migrate"]]
neighbour = "/ping/"
server = "gunicorn-gthread:threads=8"

[scenario.search]
title = "Searching"
parameters.pages = { default = 3, min = 1, max = 9, unit = "pages", offers = [5] }
lanes = ["sync@daphne"]
load = { requests = 7, rounds = 2 }
wait = "pages"

[scenario.search.variant.sync]
family = "sync"
path = "/search/?pages={pages}"
source = "shop.views:search"
needs = "asgi"
at_a_time = 2
method = "POST"
headers = { Accept = "text/html" }
body = "q={}"
requires = ["postgresql"]

[requirement.postgresql]
variable = "SHOP_DATABASE_URL"

[companion.upstream]
command = ["python", "upstream.py", "{port}"]
env = { UPSTREAM_URL = "http://127.0.0.1:{port}" }

[claim.fast]
text = "Searching is fast."
scenario = "search"
expect = [["sync@daphne", "latency_ms.p95 < 9"], ["sync@daphne:backlog=128", "peak_in_app > 2"]]
load = { requests = 1, concurrency = 1, rounds = 5 }
parameters = { pages = 2 }
sweep = { over = "concurrency=1..512", levels = 4 }
"""


def write(directory: Path, text: str) -> Path:
    path = directory / "lab.toml"
    path.write_text(text)
    return path
