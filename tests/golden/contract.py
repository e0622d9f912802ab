"""The contract for readers in other languages, written from the types in `dashboard/wire`.

`docs/report.schema.json` describes the report, `static/js/contract.d.ts` what the page is given.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from dashboard.wire import events
from dashboard.wire.report import page_data
from dashboard.wire.report.report import Report

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "docs" / "report.schema.json"
DECLARATIONS = ROOT / "static" / "js" / "contract.d.ts"
WIDTH = 100
OTHERS = (events.QueueEvent, events.BeatEvent)  # of no run
PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}


def write() -> None:
    """Write both files."""
    SCHEMA.write_text(report_schema())
    DECLARATIONS.write_text(declarations())


def report_schema() -> str:
    """Return the JSON Schema of `burst --json`."""
    definitions: dict[str, Any] = {}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The report of a run: what `burst --json` prints",
        **_schema_of(Report, definitions),
        "$defs": dict(sorted(definitions.items())),
    }
    return json.dumps(schema, indent=1) + "\n"


def _schema_of(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, args = get_origin(hint), get_args(hint)
    if hint is Any or hint in PLAIN:
        return {} if hint is Any else {"type": PLAIN[hint]}
    if origin is Literal:
        return {"enum": list(args)}
    if origin in {Union, UnionType}:
        return _schema_of_union(args, definitions)
    if origin in {list, dict, tuple}:
        return _schema_of_collection(origin, args, definitions)
    return _reference(hint, definitions)


def _schema_of_collection(
    origin: Any, args: tuple[Any, ...], definitions: dict[str, Any]
) -> dict[str, Any]:
    items = _schema_of(args[0] if origin is tuple else args[-1], definitions)
    if origin is dict:
        return {"type": "object", "additionalProperties": items or True}
    if origin is list or args[-1] is ...:
        return {"type": "array", "items": items}
    return {"type": "array", "items": items, "minItems": len(args), "maxItems": len(args)}


def _reference(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if hint.__name__ not in definitions:
        definitions[hint.__name__] = {}  # so that a type within itself ends
        definitions[hint.__name__] = _schema_of_object(hint, definitions)
    return {"$ref": f"#/$defs/{hint.__name__}"}


def _schema_of_union(args: tuple[Any, ...], definitions: dict[str, Any]) -> dict[str, Any]:
    if all(hint in PLAIN for hint in args):
        return {"type": [PLAIN[hint] for hint in args]}
    return {"anyOf": [_schema_of(hint, definitions) for hint in args]}


def _schema_of_object(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    if is_dataclass(kind):  # it is written with all of its fields
        hints = {field.name: hints[field.name] for field in fields(kind)}
        required = list(hints)
    else:
        required = [name for name in hints if name in kind.__required_keys__]
    return {
        "description": _description(kind),
        "type": "object",
        "properties": {name: _schema_of(hint, definitions) for name, hint in hints.items()},
        "required": required,
        "additionalProperties": False,
    }


def declarations() -> str:
    """Return the TypeScript declarations of run data and events."""
    members = [member for member in vars(events).values() if is_typeddict(member)]
    viewers = [member for member in members if member in get_args(events.ViewerEvent)]
    blocks = [
        *map(_interface, [page_data.LaneData, page_data.RunData, *viewers, *OTHERS]),
        _union("ViewerEvent", [member.__name__ for member in viewers]),
        "  /** What comes by the websocket. */\n"
        "  type PageEvent = (ViewerEvent & { run: string })"
        " | (QueueEvent & { run?: undefined });\n",
    ]
    head = "/** Written by `python -m tests.golden.make`: the types are those of dashboard/wire. */"
    return "".join([head, "\n\ndeclare global {\n", "\n".join(blocks), "}\n\nexport {};\n"])


def _interface(kind: Any) -> str:
    lines = [f"  /** {_description(kind)} */"] if kind.__doc__ else []
    lines += [f"  interface {kind.__name__} {{", *_keys(kind), "  }"]
    return "\n".join(lines) + "\n"


def _keys(kind: Any) -> Iterator[str]:
    for name, hint in get_type_hints(kind, include_extras=True).items():
        if name not in events.INTERNAL:
            optional = "" if name in kind.__required_keys__ else "?"
            yield f"    {name}{optional}: {_typescript(hint)};"


def _typescript(hint: Any) -> str:
    origin, args = get_origin(hint), get_args(hint)
    if origin is NotRequired:
        return _typescript(args[0])
    if origin is Literal:
        return " | ".join(f"'{value}'" for value in args)
    if origin in {Union, UnionType}:
        return " | ".join(map(_typescript, args))
    if origin is list:
        return f"{_typescript(args[0])}[]"
    return PLAIN[hint].replace("integer", "number") if hint in PLAIN else str(hint.__name__)


def _union(name: str, members: list[str]) -> str:
    line = f"  type {name} = {' | '.join(members)};"
    if len(line) <= WIDTH:
        return line + "\n"
    return f"  type {name} =\n" + "\n".join(f"    | {member}" for member in members) + ";\n"


def _description(kind: Any) -> str:
    return " ".join((kind.__doc__ or "").split())
