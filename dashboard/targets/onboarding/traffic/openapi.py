"""OpenAPI descriptions, 3.x and 2.0 (Swagger), as JSON or YAML: which requests there could be.

A description has no traffic: each operation has the same share. Values of parameters are those
that it gives as an example, a default or the first of an enumeration. pydantic checks the shape.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from dashboard.wire.untrusted import decode_json

from .logged_request import refused

MOST_CHARACTERS, MOST_OF_YAML = 20_000_000, 5_000_000
METHODS = ("get", "head", "options", "post", "put", "patch", "delete")


class _Part(BaseModel):
    """Part of a description; of its many keys, those that are used."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _Schema(_Part):
    example: Any = None
    examples: Any = None
    default: Any = None
    enum: tuple[Any, ...] = ()


class Parameter(_Schema):
    """A parameter of an operation; in 2.0 it is its own schema."""

    name: str = ""
    place: str = Field("", alias="in")
    required: bool = False
    content_schema: _Schema | None = Field(None, alias="schema")
    reference: str = Field("", alias="$ref")

    @property
    def value(self) -> str | None:
        """A value as text, None if the description has none."""
        for part in (self, self.content_schema):
            for value in _values(part) if part else ():
                if isinstance(value, str | int | float) and not isinstance(value, bool):
                    return str(value)
        return None


class _MediaType(_Schema):
    pass


class _RequestBody(_Part):
    content: dict[str, _MediaType] = {}


class Operation(_Part):
    """What one method of a path does."""

    parameters: tuple[Parameter, ...] = ()
    security: tuple[dict[str, Any], ...] | None = None
    request_body: _RequestBody | None = Field(None, alias="requestBody")
    deprecated: bool = False


class _PathItem(_Part):
    parameters: tuple[Parameter, ...] = ()
    get: Operation | None = None
    head: Operation | None = None
    options: Operation | None = None
    post: Operation | None = None
    put: Operation | None = None
    patch: Operation | None = None
    delete: Operation | None = None


class _Server(_Part):
    url: str = ""


class _Components(_Part):
    parameters: dict[str, Parameter] = {}


class Description(_Part):
    """A whole description; one of `openapi` and `swagger` has its version."""

    openapi: str | float = ""
    swagger: str | float = ""
    servers: tuple[_Server, ...] = ()
    base_path: str = Field("", alias="basePath")
    paths: dict[str, _PathItem]
    components: _Components = Field(default_factory=_Components)
    parameters: dict[str, Parameter] = {}  # those of 2.0 that are shared
    security: tuple[dict[str, Any], ...] = ()

    @field_validator("paths", mode="before")
    @classmethod
    def _without_extensions(cls, paths: Any) -> Any:
        """Leave out `x-…`, which may be anything."""
        if not isinstance(paths, dict):
            return paths
        return {path: item for path, item in paths.items() if not str(path).startswith("x-")}

    @property
    def prefix(self) -> str:
        """The path in front of all paths, without a slash at its end."""
        url = self.servers[0].url if self.servers else self.base_path
        path = urlsplit(url).path if "://" in url else url
        return "" if "{" in path else path.rstrip("/")

    def operations(self) -> Iterator[tuple[str, str, Operation, list[Parameter]]]:
        """Yield method, path, operation and its parameters, references followed."""
        for path, item in self.paths.items():
            for method in METHODS:
                operation: Operation | None = getattr(item, method)
                if operation is not None:
                    own = self._resolved(operation.parameters)
                    names = {(parameter.name, parameter.place) for parameter in own}
                    shared = [
                        parameter
                        for parameter in self._resolved(item.parameters)
                        if (parameter.name, parameter.place) not in names
                    ]
                    yield method.upper(), f"{self.prefix}{path}", operation, [*shared, *own]

    def _resolved(self, parameters: Sequence[Parameter]) -> list[Parameter]:
        there = {**self.parameters, **self.components.parameters}
        return [
            there.get(parameter.reference.rpartition("/")[2], parameter)
            if parameter.reference
            else parameter
            for parameter in parameters
        ]


def read_openapi(name: str, text: str) -> Description:
    """Return the description in a text. Raises InvalidTraffic with a line."""
    if len(text) > MOST_CHARACTERS:
        raise refused(name, None, f"expected at most {MOST_CHARACTERS:,} characters")
    value = _parsed(name, text)
    try:
        description = Description.model_validate(value)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, details["loc"])) or "the description"
        message = f"expected an OpenAPI description, found: {place}: {details['msg']}"
        raise refused(name, _line_of(text, details["loc"]), message) from None
    if not (description.openapi or description.swagger):
        raise refused(name, 1, "expected an OpenAPI description, found neither openapi nor swagger")
    return description


class _Loader(yaml.SafeLoader):
    """Refuses aliases, which let a small file describe values without end."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.YAMLError(f"an alias, *{event.anchor}")
        return super().compose_node(parent, index)


def _parsed(name: str, text: str) -> Any:
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


def _line_of(text: str, place: Sequence[str | int]) -> int | None:
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


def _values(part: _Schema) -> Iterator[Any]:
    """Yield what a schema gives as values, the best first."""
    yield part.example
    examples = part.examples
    if isinstance(examples, dict):
        yield from (
            example.get("value") if isinstance(example, dict) else example
            for example in examples.values()
        )
    elif isinstance(examples, list):
        yield from examples
    yield part.default
    yield from part.enum[:1]
