"""Page, terminal and JSON keep to the glossary's words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line[1:-1].split("|")]
    for line in (ROOT / "docs/glossary.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith(("| term", "| ---"))
]
# What people read: the page, the terminal, the sentences of both.
READ = [
    *ROOT.glob("templates/**/*.html"),
    *ROOT.glob("static/js/**/*.js"),
    *ROOT.glob("dashboard/analysis/text/**/*.py"),
    *ROOT.glob("dashboard/management/**/*.py"),
    *ROOT.glob("dashboard/runs/**/*.py"),
    *ROOT.glob("dashboard/web/**/*.py"),
]
CONTRACT = "".join(
    (ROOT / "docs" / name).read_text() for name in ("report.schema.json", "commands.md", "frame.md")
)


def test_a_term_is_explained_once() -> None:
    terms = [row[0] for row in ROWS]
    assert len(terms) == len(set(terms)) > 40


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_its_keys_are_in_the_contract(row: list[str]) -> None:
    unknown = [key for key in re.findall(r"`(\w+)`", row[2]) if key not in CONTRACT]
    assert not unknown


@pytest.mark.parametrize(
    ("term", "other"), [(row[0], word) for row in ROWS for word in filter(None, row[3].split(", "))]
)
def test_one_term_for_one_concept(term: str, other: str) -> None:
    pattern = re.compile(rf"(?<![\w-]){re.escape(other)}(?![\w-])", re.IGNORECASE)
    places = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in READ
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if pattern.search(line)
    ]
    assert not places, f"{term}, not {other}"
