"""How a neighbour's request is marked, so that the probe never takes it for one of the load's."""

from __future__ import annotations

from typing import Final

MARK: Final = "liveburst-neighbour"  # as the probe has it


def marked(path: str) -> str:
    """Return the path with the mark at the end of its query, which may be there already."""
    return f"{path}{'&' if '?' in path else '?'}{MARK}"
