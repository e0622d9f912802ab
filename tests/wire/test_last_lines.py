"""The most informative of a log's last lines."""

from __future__ import annotations

import pytest

from dashboard.wire.last_lines import decisive_line, last_lines, with_decisive_line

GEVENT = """
Error: class uri 'gevent' invalid or not found:

[Traceback (most recent call last):
  File "workers/ggevent.py", line 16, in <module>
    from packaging.version import parse as parse_version
ModuleNotFoundError: No module named 'packaging'
]
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("\n \n", ""),
        ("starting\nport is taken\n\n", "port is taken"),
        (GEVENT, "ModuleNotFoundError: No module named 'packaging'"),
        (
            "django.core.exceptions.ImproperlyConfigured: no SECRET_KEY\nReason: Worker failed.",
            "django.core.exceptions.ImproperlyConfigured: no SECRET_KEY",
        ),
        ("psycopg.OperationalError: refused\n[ERROR] Worker (pid:7) exited with code 3.",
         "psycopg.OperationalError: refused"),
        ("KeyError: 'A'\nValueError: b\nshutting down", "ValueError: b"),
    ],
)  # fmt: skip
def test_the_last_exception_is_the_most_informative_line(text: str, expected: str) -> None:
    assert decisive_line(text) == expected


def test_a_message_is_followed_by_it() -> None:
    assert with_decisive_line("it ended", "a\nb\n") == "it ended; its log ends: b"
    assert with_decisive_line("it ended", "") == "it ended"


def test_blank_lines_are_no_last_lines() -> None:
    assert last_lines("a\n\nb\n  \nc\n", 2) == ["b", "c"]
