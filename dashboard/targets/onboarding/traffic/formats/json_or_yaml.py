"""Values in JSON or YAML of unknown origin, and the lines on which they are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import yaml

from dashboard.wire.untrusted import decode_json

from .logged_request import refused

MOST_CHARACTERS, MOST_OF_YAML = 20_000_000, 5_000_000


class _Loader(yaml.SafeLoader):
    """Refuses aliases, which let a small file describe values without end."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.YAMLError(f"an alias, *{event.anchor}")
        return super().compose_node(parent, index)


def parsed(name: str, text: str) -> Any:
    """Return the values of a text in JSON or YAML."""
    try:
        return decode_json(text) if text.lstrip().startswith("{") else _yaml(name, text)
    except json.JSONDecodeError as error:
        raise refused(name, error.lineno, f"expected JSON, found: {error.msg}") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise refused(name, line, f"expected YAML, found: {error.problem}") from None
    except yaml.YAMLError as error:
        raise refused(name, None, f"expected YAML, found: {error}") from None
    except (RecursionError, ValueError):
        raise refused(name, None, "expected JSON or YAML with fewer nested values") from None


def _yaml(name: str, text: str) -> Any:
    if len(text) > MOST_OF_YAML:
        message = f"expected at most {MOST_OF_YAML:,} characters of YAML; more are read of JSON"
        raise refused(name, None, message)
    return yaml.load(text, _Loader)  # nosec B506 # noqa: S506 - made of SafeLoader


def line_of(text: str, place: Sequence[str | int]) -> int | None:
    """Return the line of a value in a text that was read before; None if it is unknown."""
    if len(text) > MOST_OF_YAML:
        return None
    node = yaml.compose(text.replace("\t", " "), _Loader)  # JSON is YAML, too
    for key in place:
        inner = _inside(node, key)
        if inner is None:
            break
        node = inner
    return None if node is None else node.start_mark.line + 1


def _inside(node: Any, key: str | int) -> Any:
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int):
        return node.value[key] if key < len(node.value) else None
    if isinstance(node, yaml.MappingNode):
        return next((inner for name, inner in node.value if name.value == str(key)), None)
    return None
