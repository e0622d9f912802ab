"""The bystander's requests: how they are fired, and the mark by which the probe recognises them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from .load import Load
from .plan import Firing
from .request_mode import PLAIN

MARK: Final = "liveburst-neighbour"  # as the probe has it


def marked(path: str) -> str:
    """Return the path with the mark at the end of its query, which may be there already."""
    return f"{path}{'&' if '?' in path else '?'}{MARK}"


def bystander_firing(firing: Firing, path: str, load: Load) -> Firing:
    """Return the firing of plain GETs of the bystander's path, at the same address and host."""
    return replace(
        firing,
        path=marked(path),
        load=load,
        method="GET",
        headers=tuple(pair for pair in firing.headers if pair[0].lower() == "host"),
        body="",
        await_continue=False,
        bystander_path=None,
        request_mode=PLAIN,
        engine=0,
        engines=1,
    )
