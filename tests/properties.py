"""How many examples of a property are looked at: fewer in the inner loop than in `make test`."""

from __future__ import annotations

from hypothesis import settings

USUAL = 100  # of `make test`


def examples(most: int) -> settings:
    """Return the settings for a property that is worth so many examples in `make test`."""
    return settings(max_examples=max(1, most * settings().max_examples // USUAL))
