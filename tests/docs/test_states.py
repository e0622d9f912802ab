"""docs/states.md lists the states that can be photographed, each looked at everywhere."""

from __future__ import annotations

import re
from pathlib import Path

from tests.browser.arranged import STATES
from tests.browser.states import LOOKS

PAGE = (Path(__file__).parents[2] / "docs/states.md").read_text()


def test_every_state_was_looked_at_at_every_width_in_both_schemes() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| .+? \|(.+)\|$", PAGE, flags=re.MULTILINE)
    assert [name for name, _ in rows] == list(STATES)
    assert {marks.count("✓") for _, marks in rows} == {len(LOOKS)}
