"""OpenAPI descriptions, 3.x and 2.0 (Swagger), as JSON or YAML: which requests there could be.

A description has no traffic: each operation has the same share. Values of parameters are those
that it gives as an example, a default or the first of an enumeration. pydantic checks the shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from dashboard.wire.untrusted import Json

from .json_or_yaml import MOST_CHARACTERS, line_of, parsed
from .logged_request import refused

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
    security: tuple[Json, ...] | None = None
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
    security: tuple[Json, ...] = ()

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
    value = parsed(name, text)
    try:
        description = Description.model_validate(value)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, details["loc"])) or "the description"
        message = f"expected an OpenAPI description, found: {place}: {details['msg']}"
        raise refused(name, line_of(text, details["loc"]), message) from None
    if not (description.openapi or description.swagger):
        raise refused(name, 1, "expected an OpenAPI description, found neither openapi nor swagger")
    return description


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
