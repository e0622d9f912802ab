"""Which websocket messages answer a request, by the rule of its exchange."""

from __future__ import annotations

import pytest

from dashboard.engine.loads.websocket_matching import answer_matcher


@pytest.mark.parametrize(
    ("rule", "data", "fits"),
    [
        ("any", b"\x00\xff", True),
        ("contains tea {n}", b"green tea 7!", True),
        ("contains tea {n}", b"green tea 8!", False),
        ("contains \u00e9", "caf\u00e9".encode(), True),
        ("json.id", b'{"id": null}', True),
        ("json.id", b'{"ident": 1}', False),
        ("json.id", b"id", False),
        ("json.id", b"[1]", False),
        ("json.id", b"[" * 100_000, False),
        ("json.id", b'{"id": ' * 100_000, False),
        ("json.id", b"\xff", False),
        ("json.result.id={n}", b'{"result": {"id": 7}}', True),
        ("json.result.id={n}", b'{"result": {"id": "7"}}', True),
        ("json.result.id={n}", b'{"result": {"id": 70}}', False),
        ("json.result.id={n}", b'{"result": [7]}', False),
        ("json.ok=true", b'{"ok": true}', True),
        ("json.ok=true", b'{"ok": 1}', False),
        ("json.type=a=b", b'{"type": "a=b"}', True),
        ("json.type=", b'{"type": ""}', True),
    ],
)
def test_which_message_is_an_answer(rule: str, data: bytes, fits: bool) -> None:
    assert answer_matcher(rule)(True, data, 7) is fits
