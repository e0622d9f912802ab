"""Tells values in a path or query from its fixed parts, and secrets from both, by their form."""

from __future__ import annotations

import re
from functools import lru_cache

from dashboard.project.secrets.patterns import is_secret_name, redacted

_VALUE = re.compile(
    r"""\d+                                                      # a key
    |[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}  # a UUID
    |\d{4}-\d\d-\d\d                                              # a date
    |(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,31}              # an abbreviated hash
    |[0-9A-HJKMNP-TV-Z]{26}                                       # a ULID
    |-?\d+[.,]\d+                                                 # a number
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Django's links to confirm an address or to reset a password, signed values, long random texts.
_TOKEN = re.compile(
    r"""[0-9a-z]{1,13}-[0-9a-f]{20,}
    |[0-9a-f]{33,}
    |[\w=-]+:[\w=-]+:[\w=-]{20,}
    |(?=[\w.=-]*[a-z])(?=[\w.=-]*[A-Z])(?=[\w.=-]*\d)[\w.=-]{24,}
    """,
    re.VERBOSE,
)
_SECRET_NAMES = frozenset(
    ("auth", "code", "state", "sig", "signature", "key", "hash", "ticket", "sid", "nonce", "uidb64")
)


@lru_cache(maxsize=100_000)
def is_value(segment: str) -> bool:
    """Return True if a part of a path is one of many values, by its form."""
    return _VALUE.fullmatch(segment) is not None


@lru_cache(maxsize=100_000)
def is_token(text: str) -> bool:
    """Return True if a part of a path or a query's value grants something to its bearer."""
    return _TOKEN.fullmatch(text) is not None or redacted(text) != text


@lru_cache(maxsize=10_000)
def names_secret(name: str) -> bool:
    """Return True if a query's field holds a secret by its name."""
    return name.lower() in _SECRET_NAMES or is_secret_name(name)
