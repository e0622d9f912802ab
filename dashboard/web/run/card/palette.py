"""The colours of a card in both schemes: the tokens of base.css, and the shades of a bar.

They are written out, since programs other than browsers support neither custom properties nor
`color-mix`.
"""

from __future__ import annotations

from collections.abc import Mapping

Scheme = str  # light or dark; anything else is both, by the preference of the viewer

LIGHT: Mapping[str, str] = {
    "surface": "#ffffff",
    "edge": "#d9dde3",
    "grid": "#e3e6eb",
    "text": "#16191d",
    "muted": "#59616b",
    "sync": "#b8530a",
    "async": "#00497f",
    "error": "#16191d",
}
DARK: Mapping[str, str] = {
    "surface": "#161b21",
    "edge": "#2b333d",
    "grid": "#252d36",
    "text": "#e8ebee",
    "muted": "#9aa5b1",
    "sync": "#ffb84d",
    "async": "#3d9be9",
    "error": "#ffffff",
}
# The shades of charts.css: how much of the family's colour is mixed with the surface.
SHARES: Mapping[str, float] = {"server": 0.28, "framework": 0.56, "view": 1.0, "delivery": 0.4}
# What the load generator takes is grey.
GREY_SHARES: Mapping[str, float] = {"delay": 0.3, "connecting": 0.55}


def style_sheet(scheme: Scheme) -> str:
    """Return the rules of one scheme, or of both: the dark one where it is preferred."""
    if scheme in ("light", "dark"):
        return _rules(DARK if scheme == "dark" else LIGHT)
    return f"{_rules(LIGHT)} @media (prefers-color-scheme: dark) {{ {_rules(DARK)} }}"


def _rules(tokens: Mapping[str, str]) -> str:
    fills = {f".{name}": tokens[name] for name in ("surface", "text", "muted", "sync", "async")}
    for name, share in GREY_SHARES.items():
        fills[f".{name}"] = mix(tokens["muted"], tokens["surface"], share)
    for family in ("sync", "async"):
        for name, share in SHARES.items():
            fills[f".of-{family} .{name}"] = mix(tokens[family], tokens["surface"], share)
    strokes = {".grid": tokens["grid"], ".theory": tokens["muted"], ".error": tokens["error"]}
    rules = [f"{selector} {{ fill: {colour} }}" for selector, colour in fills.items()]
    rules += [f"{selector} {{ stroke: {colour} }}" for selector, colour in strokes.items()]
    return " ".join(rules)


def mix(colour: str, other: str, share: float) -> str:
    """Return a share of one colour mixed with another, as CSS does `in srgb`."""
    parts = zip(_channels(colour), _channels(other), strict=True)
    mixed = (round(share * first + (1 - share) * second) for first, second in parts)
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def _channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
