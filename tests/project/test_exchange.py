"""The messages of a websocket in a lab.toml: `open`, `message` and `answer`."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.project.labtoml.load import load_manifest
from dashboard.project.model.scenario import Variant
from dashboard.wire.errors import InvalidManifest
from dashboard.wire.plan.exchange import Exchange, OpeningStep

LAB = """
[project]
name = "shop"
asgi = "shop:application"
[scenario.chat]
title = "Chatting"
parameters.size = {{ default = 3, min = 1, max = 9 }}
lanes = ["consumer@daphne"]
[scenario.chat.variant.consumer]
family = "async"
path = "/ws/"
{keys}
"""


def variant_of(directory: Path, keys: str) -> Variant:
    file = directory / "lab.toml"
    file.write_text(LAB.format(keys=keys))
    return load_manifest(file).scenarios["chat"].variants["consumer"]


def test_messages_and_answers_are_read_and_filled_in(tmp_path: Path) -> None:
    variant = variant_of(
        tmp_path,
        """
        websocket = true
        open = ['{"type": "auth"}', { send = "subscribe {size}", answer = "json.of={size}" },
                { answer = "contains ready" }]
        message = '{"id": {n}, "size": {size}}'
        answer = "json.id={n}"
        """,
    )
    assert variant.request_mode({"size": 5.0}).exchange == Exchange(
        (
            OpeningStep('{"type": "auth"}'),
            OpeningStep("subscribe 5", "json.of=5"),
            OpeningStep(None, "contains ready"),
        ),
        '{"id": {n}, "size": 5}',
        "json.id={n}",
    )


def test_by_default_a_number_is_sent_and_echoed(tmp_path: Path) -> None:
    variant = variant_of(tmp_path, "websocket = true")
    assert variant.request_mode({"size": 5.0}).exchange == Exchange((), "{n}", "")


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("message = 'hello {n}'", "variant.consumer.message: expected websocket = true beside it"),
        ("websocket = true\nopen = 'hello'", "open: expected a list of 1 to 20 steps"),
        ("websocket = true\nopen = []", "open: expected a list of 1 to 20 steps"),
        ("open = ['hello']", "variant.consumer.open: expected websocket = true beside it"),
        ("websocket = true\nopen = [{ send = 'a' }]", "each a text or { send = TEXT, answer ="),
        ("websocket = true\nopen = [{ answer = 'is b' }]", "and RULE 'any', 'contains TEXT',"),
        ("websocket = true\nopen = [{ sends = 'a', answer = 'any' }]", "open: expected a list"),
        ("websocket = true\nopen = [3]", "open: expected a list of 1 to 20 steps"),
        ("websocket = true\nopen = [{ answer = 'json.id={n}' }]", "open: expected an answer with"),
        ("websocket = true\nanswer = 'starts x'", "answer: expected 'any', 'contains TEXT'"),
        ("websocket = true\nanswer = 'contains '", "answer: expected 'any', 'contains TEXT'"),
        ("websocket = true\nanswer = 'json.'", "answer: expected 'any', 'contains TEXT'"),
        ("websocket = true\nmessage = 'tea'", "answer: expected beside a message without {n}"),
        (
            f"websocket = true\nopen = {['a'] * 21}",
            "'json.KEY' or 'json.KEY=VALUE', found a list of 21 items",
        ),
        (
            f"websocket = true\nmessage = '{{n}}{'x' * 100_000}'",
            "expected a text of 1 to 100,000 characters, found a text of 100,003 characters",
        ),
    ],
)
def test_an_invalid_exchange_is_refused_by_its_key(
    tmp_path: Path, keys: str, expected: str
) -> None:
    with pytest.raises(InvalidManifest) as refused:
        variant_of(tmp_path, keys)
    assert expected in str(refused.value)
