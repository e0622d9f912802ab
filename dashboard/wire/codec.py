"""Frozen dataclasses to JSON values and back, by their annotations: the one codec for all of them.

A dataclass is an object with a key per field; one that is `Textual`, such as `Lane`, is a string.
One whose JSON has another shape is a `JsonObject` with a `to_json` of its own.
Of a union of dataclasses the field `kind` names the member; an object without it is the first one.
A field that has a default may be missing, as in what an older version stored. A field whose name
differs from its key is marked `field(metadata=json_key("key"))`. A TypedDict is read likewise,
which checks what another process sent; members of a union that have no `kind` are distinguished by
their other literals and by the keys that they require.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import (
    Any,
    ClassVar,
    Literal,
    Self,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from .errors import Invalid, Problem

T = TypeVar("T")

_JSON_KEY = "json_key"


def json_key(key: str) -> dict[str, str]:
    """Return the metadata of a dataclass's field that is stored under another key than its name."""
    return {_JSON_KEY: key}


class Textual:
    """The base of a dataclass whose JSON value is a string: `parse` reads what `str` writes."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the value that the text describes."""
        raise NotImplementedError


class JsonObject:
    """The base of a dataclass that is stored, sent or printed on its own.

    `ignores_unknown_keys`: keys that no field has are left out, as of what another version stored.
    """

    ignores_unknown_keys: ClassVar[bool] = False

    def to_json(self) -> Mapping[str, Any]:
        """Return the JSON object: by default a key per field, which `from_json` reads.

        One whose keys others read returns a TypedDict.
        """
        return _fields_to_json(self)

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Return the value that `to_json` wrote, also in an older version; raises InvalidJson."""
        return from_json(cls, data, ignore_unknown=cls.ignores_unknown_keys)


class InvalidJson(Invalid, ValueError):
    """A JSON value of another type than expected; each problem's field is the path to it."""


def to_json(value: object) -> Any:
    """Return the JSON value from which `from_json` makes an equal one."""
    if isinstance(value, JsonObject):
        return value.to_json()
    if isinstance(value, Textual):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return _fields_to_json(value)
    if isinstance(value, Mapping):
        return {name: to_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    return value


def _fields_to_json(value: Any) -> dict[str, Any]:
    return {_key_of(field): to_json(getattr(value, field.name)) for field in fields(value)}


def from_json(kind: type[T], data: object, *, ignore_unknown: bool = False) -> T:
    """Return the value of this type that `data` describes; raises InvalidJson with every path.

    Keys that no field has are refused, unless `ignore_unknown`. Raises what a dataclass raises
    whose own values are out of bounds.
    """
    value: T = read_json(kind, data, ignore_unknown=ignore_unknown)
    return value


def read_json(hint: Any, data: object, *, ignore_unknown: bool = False) -> Any:
    """Like `from_json`, for any annotation: a union, a tuple, a mapping."""
    return _Reader(ignore_unknown).read(hint, data, "")


_COLLECTIONS: Mapping[Any, type] = {
    tuple: tuple,
    list: list,
    Sequence: list,
    dict: dict,
    Mapping: dict,
}


@dataclass(frozen=True)
class _Reader:
    ignore_unknown: bool

    def read(self, hint: Any, data: object, path: str) -> Any:
        origin, args = get_origin(hint), get_args(hint)
        if hint is Any:
            return data
        if origin in {Union, UnionType}:
            return self._union(args, data, path)
        if origin in _COLLECTIONS:
            return self._collection(_COLLECTIONS[origin], args, data, path)
        if is_dataclass(hint) or is_typeddict(hint):
            return self._object(hint, data, path)
        return _plain(hint, data, path)

    def _collection(self, kind: type, args: tuple[Any, ...], data: object, path: str) -> Any:
        if kind is dict:
            members = _members(data, path).items()
            return {name: self.read(args[1], item, _in(path, name)) for name, item in members}
        if kind is tuple:
            return self._tuple(args, data, path)
        return [self.read(args[0], *item) for item in _items(data, path)]

    def _union(self, args: tuple[Any, ...], data: object, path: str) -> Any:
        if data is None and NoneType in args:
            return None
        members = [member for member in args if member is not NoneType]
        if len(members) == 1:
            return self.read(members[0], data, path)
        if not all(is_dataclass(member) or is_typeddict(member) for member in members):
            return _plain(members, data, path)
        if not all("kind" in _keys(member) for member in members):
            return self._object(_member_of(members, data, path), data, path)
        kinds = {_kind(member): member for member in members}
        kind = _members(data, path).get("kind", next(iter(kinds)))
        if kind not in kinds:
            raise _expected(_in(path, "kind"), " or ".join(kinds), kind)
        return self.read(kinds[kind], data, path)

    def _tuple(self, args: tuple[Any, ...], data: object, path: str) -> tuple[Any, ...]:
        items = list(_items(data, path))
        if args[-1] is ...:
            return tuple(self.read(args[0], *item) for item in items)
        if len(items) != len(args):
            raise _expected(path, f"a list of {len(args)}", data)
        return tuple(self.read(hint, *item) for hint, item in zip(args, items, strict=True))

    def _object(self, kind: Any, data: object, path: str) -> Any:
        if issubclass(kind, Textual):
            return kind.parse(_plain(str, data, path))
        given, keys = _members(data, path), _keys(kind)
        problems, values = [], {}
        if not self.ignore_unknown:
            unknown = given.keys() - keys.keys()
            problems += [Problem(_in(path, name), "not a known key") for name in sorted(unknown)]
        for name, key in keys.items():
            try:
                if name in given and key.read:
                    values[key.field] = self.read(key.hint, given[name], _in(path, name))
                elif key.required and name not in given:
                    problems.append(Problem(_in(path, name), "expected, found nothing"))
            except InvalidJson as error:
                problems += error.problems
        if problems:
            raise InvalidJson(*problems)
        return kind(**values)


@dataclass(frozen=True)
class _Key:
    """A key of an object; `read` is false if the value is fixed by the type."""

    field: str
    hint: Any
    required: bool
    read: bool = True


@cache
def _keys(kind: Any) -> dict[str, _Key]:
    hints = get_type_hints(kind)
    if is_typeddict(kind):
        return {
            name: _Key(name, hint, name in kind.__required_keys__) for name, hint in hints.items()
        }
    return {
        _key_of(field): _Key(
            field.name,
            hints[field.name],
            required=field.default is MISSING and field.default_factory is MISSING,
            read=field.init,
        )
        for field in fields(kind)
    }


def _key_of(field: Field[Any]) -> str:
    return str(field.metadata.get(_JSON_KEY, field.name))


def _kind(member: Any) -> Any:
    """Return the value of `kind` that marks an object as this member of a union."""
    if is_typeddict(member):
        return get_args(_keys(member)["kind"].hint)[0]
    return next(field.default for field in fields(member) if field.name == "kind")


def _member_of(members: Sequence[Any], data: object, path: str) -> Any:
    """Return the first member of a union that has the literals and the required keys of `data`."""
    given = _members(data, path)
    for member in members:
        if all(_fits(key, name, given) for name, key in _keys(member).items()):
            return member
    raise _expected(path, " or ".join(member.__name__ for member in members), data)


def _fits(key: _Key, name: str, given: Mapping[str, object]) -> bool:
    if name not in given:
        return not key.required
    return get_origin(key.hint) is not Literal or _is_plain(key.hint, given[name])


def _plain(hint: Any, data: object, path: str) -> Any:
    """Read a string, a number, a truth value or a literal; a list of hints is any of them."""
    hints = hint if isinstance(hint, list) else [hint]
    if any(_is_plain(item, data) for item in hints):
        return data
    raise _expected(path, " or ".join(map(_name, hints)), data)


def _is_plain(hint: Any, data: object) -> bool:
    if get_origin(hint) is Literal:
        return data in get_args(hint)
    if isinstance(data, bool):
        return hint is bool
    return isinstance(data, int | float if hint is float else hint)


def _name(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return " or ".join(map(repr, get_args(hint)))
    return {str: "text", int: "a whole number", float: "a number", bool: "true or false"}[hint]


def _items(data: object, path: str) -> Iterator[tuple[object, str]]:
    if not isinstance(data, list | tuple):
        raise _expected(path, "a list", data)
    return ((item, f"{path}[{number}]") for number, item in enumerate(data))


def _members(data: object, path: str) -> Mapping[str, object]:
    if not isinstance(data, Mapping):
        raise _expected(path, "an object", data)
    return data


def _in(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _expected(path: str, expected: str, found: object) -> InvalidJson:
    return InvalidJson(Problem(path or "value", f"expected {expected}, found {found!r}"))
