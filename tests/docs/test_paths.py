"""Files that the documentation names are there: a move or a rename changes it too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
]
# In backticks, with a folder: `runs/queue/run_queue.py`, `static/js/main.js`, `templates/`.
NAMED = re.compile(r"`((?:[\w.-]+/)+(?:[\w-]+\.(?:py|js|ts|css|html|toml|md|json))?)`")
PLACES = (ROOT, ROOT / "dashboard")
ROOMS = {path.name for place in PLACES for path in place.iterdir() if path.name[0] != "."}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_named_path_exists(page: Path) -> None:
    named = {path for path in NAMED.findall(page.read_text()) if path.partition("/")[0] in ROOMS}
    missing = [path for path in named if not any((place / path).exists() for place in PLACES)]
    assert not missing
