"""The events that are typed are those that docs/frame.md describes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from dashboard.wire.events import BeatEvent, EngineEvent, QueueEvent, ViewerEvent

DOCUMENTED = Path(__file__).parents[2] / "docs" / "frame.md"


def names(events: Any) -> set[str]:
    return {get_args(get_type_hints(event)["event"])[0] for event in get_args(events)}


@pytest.mark.parametrize(
    ("heading", "events"),
    [
        ("### From the load generator", EngineEvent),
        ("### To the page", ViewerEvent | QueueEvent | BeatEvent),
    ],
)
def test_every_event_is_documented_and_no_other(heading: str, events: Any) -> None:
    section = DOCUMENTED.read_text().partition(heading)[2].partition("###")[0]
    assert names(events) == set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
