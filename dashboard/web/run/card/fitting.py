"""Fits texts into a width without knowing the font: by widths that few fonts exceed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

NARROW, WIDE = "fijlrtI.,:;|!'()[]/ ·–", "mwMW@%"
NARROW_EM, WIDE_EM, UPPER_EM, OTHER_EM = 0.39, 0.98, 0.72, 0.62  # of DejaVu Sans, a wide font
BOLD = 1.09
ELLIPSIS = "…"
# What XML cannot contain.
INVALID = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Fitted:
    """A text, and the font size in which it fits."""

    text: str
    size: float


def valid(text: str) -> str:
    """Return a text without characters that XML cannot contain."""
    return INVALID.sub("\ufffd", text)


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Return about how wide a text is."""
    return sum(map(_em, text)) * size * (BOLD if bold else 1)


def _em(character: str) -> float:
    if character in NARROW:
        return NARROW_EM
    if character in WIDE:
        return WIDE_EM
    return UPPER_EM if character.isupper() else OTHER_EM


def fitted(text: str, width: float, size: float, least: float, *, bold: bool = False) -> Fitted:
    """Return a text in the largest size that fits, cut off if the least one does not."""
    text = valid(text)
    needed = width_of(text, 1, bold=bold)
    if needed * size <= width:
        return Fitted(text, size)
    if needed * least <= width:
        return Fitted(text, round(width / needed, 1))
    while text and width_of(text + ELLIPSIS, least, bold=bold) > width:
        text = text[:-1]
    return Fitted(text.rstrip() + ELLIPSIS, least)


def wrapped(text: str, width: float, size: float, *, bold: bool = False) -> Iterator[str]:
    """Yield the lines of a text; a word that is wider than a line is on one of its own."""
    line = ""
    for word in valid(text).split():
        longer = f"{line} {word}".strip()
        if line and width_of(longer, size, bold=bold) > width:
            yield line
            line = word
        else:
            line = longer
    if line:
        yield line
