"""Record a replayed run in Chromium as an animated picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from PIL import Image
from playwright.sync_api import FloatRect, Page

from .bench import wait_for_status, wait_until_still

MOST_S = 60.0
LAST_MS = 3000  # how long the finished picture stays
WIDTH = 1000
QUALITY = 70


@dataclass(frozen=True)
class Shot:
    """A screenshot, and when it was taken."""

    at_s: float
    png: bytes


def record(page: Page, path: Path) -> None:
    """Replay the finished run of a page at a quarter of its speed, and write a WebP of that."""
    page.get_by_role("group", name="Replay").get_by_role("button", name="¼×").click()
    wait_for_status(page, "running")
    page.evaluate("scrollTo(0, 0)")  # the click has scrolled to its button
    shots, area = [], _area(page)
    begin_s = monotonic()
    while page.evaluate("window.liveburst.status") == "running" and monotonic() - begin_s < MOST_S:
        shots.append(Shot(monotonic(), page.screenshot(clip=area)))
    wait_for_status(page, "finished")
    wait_until_still(page)
    shots.append(Shot(monotonic(), page.screenshot(clip=area)))
    write(shots, path)


def write(shots: Sequence[Shot], path: Path) -> None:
    """Write an animated WebP in which every screenshot stays as long as it did on the screen."""
    pictures = [_smaller(shot.png) for shot in shots]
    ends_s = [shot.at_s for shot in shots[1:]]
    lengths = [round(1000 * (end - shot.at_s)) for shot, end in zip(shots, ends_s, strict=False)]
    pictures[0].save(
        path,
        save_all=True,
        append_images=pictures[1:],
        duration=[*lengths, LAST_MS],
        loop=0,
        quality=QUALITY,
        method=6,
    )


def _smaller(png: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    height = round(picture.height * WIDTH / picture.width)
    return picture.resize((WIDTH, height), Image.Resampling.LANCZOS)


def _area(page: Page) -> FloatRect:
    """Return the part of the page with the sentence and all waterfalls."""
    boxes = [page.locator(place).bounding_box() for place in ("#sentence", "#waterfalls")]
    visible = [box for box in boxes if box]
    left, top = min(box["x"] for box in visible), min(box["y"] for box in visible)
    right = max(box["x"] + box["width"] for box in visible)
    bottom = max(box["y"] + box["height"] for box in visible)
    margin = 12
    return {
        "x": left - margin,
        "y": top - margin,
        "width": right - left + 2 * margin,
        "height": bottom - top + 2 * margin,
    }
