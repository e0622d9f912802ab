"""docs/states.md lists the states that can be photographed, and which pictures were reviewed."""

from __future__ import annotations

import re
from pathlib import Path

from tests.browser.arranged_pages import STATES
from tests.browser.states import LOOKS

PAGE = (Path(__file__).parents[2] / "docs/states.md").read_text()


def test_every_state_has_a_cell_for_each_width_and_scheme() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| .+? \|(.+)\|$", PAGE, flags=re.MULTILINE)
    assert [name for name, _ in rows] == list(STATES)
    for name, cells in rows:
        marks = [cell.strip() for cell in cells.split("|")]
        assert len(marks) == len(LOOKS), name
        assert set(marks) <= {"✓", ""}, name
