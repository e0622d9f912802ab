"""A line of code that blocks the event loop, and the line that does not: a diff to read."""

from __future__ import annotations

import ast
from collections.abc import Callable

from dashboard.wire.report.where import LineEvidence

HTTP_CLIENTS = ("requests.", "httpx.", "urllib3.")
HTTP_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request"})
ORM = ("django.db.", "django.core.cache.")
# Methods of managers, query sets and models that have an async counterpart with an a before it.
ORM_METHODS = frozenset(
    {
        *("get", "create", "get_or_create", "update_or_create", "bulk_create", "bulk_update"),
        *("count", "aggregate", "exists", "contains", "first", "last", "latest", "earliest"),
        *("in_bulk", "update", "delete", "save", "refresh_from_db"),
    }
)
CLIENT = "client"
CLIENT_LINE = " # client: an httpx.AsyncClient that lives as long as the process"
CONTINUED = b".[("  # after a call; `await` binds weaker than these


def replacement(line: LineEvidence, source: str) -> list[str]:
    """Return a line and its replacement as a diff, below the line's place.

    If its source is unknown, or no statement by itself, only the call is replaced, by its name.
    """
    place = f" {line['path']}:{line['line']} {line['function']}"
    code, leaf = source.strip(), line["leaf"]
    call = _blocking_call(code, leaf)
    if call is None:
        name = leaf or "blocking_call"
        before, after = f"{name}(…)", _awaited(name, "(…)", leaf)
    else:
        raw = code.encode()
        new = _awaited(ast.unparse(call.func), _arguments(raw, call), leaf).encode()
        rest = raw[call.end_col_offset or 0 :]
        new = b"(%b)" % new if rest[:1] and rest[:1] in CONTINUED else new
        before, after = code, (raw[: call.col_offset] + new + rest).decode()
    above = [CLIENT_LINE] if f"await {CLIENT}." in after else []
    return [place, *above, f"-{before}", f"+{after}"]


def _blocking_call(code: str, leaf: str) -> ast.Call | None:
    """Return the call on a line that the leaf names, else the outermost; None without one.

    What is awaited already does not count.
    """
    tree = _parsed(code) or _parsed(f"{code} pass")  # the head of a block
    if tree is None or "\n" in code:
        return None
    nodes = list(ast.walk(tree))
    awaited = {id(node.value) for node in nodes if isinstance(node, ast.Await)}
    calls = [node for node in nodes if isinstance(node, ast.Call) and id(node) not in awaited]
    method = leaf.rpartition(".")[2]
    named = [call for call in calls if _name(call).rpartition(".")[2] == method]
    return next(iter(named or calls), None)


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return None


def _name(call: ast.Call) -> str:
    return ast.unparse(call.func)


def _arguments(raw: bytes, call: ast.Call) -> str:
    """Return the arguments with their parentheses; columns of `ast` are bytes.

    A generator that is the only argument gets its own, so that others can be beside it.
    """
    text = raw[call.func.end_col_offset or 0 : call.end_col_offset].decode()
    return f"({text})" if any(isinstance(one, ast.GeneratorExp) for one in call.args[:1]) else text


def _awaited(function: str, arguments: str, leaf: str) -> str:
    """Return the call as it does not block."""
    for fits, replaced in _RULES:
        if fits(function, leaf):
            return f"await {replaced(function)}{arguments}"
    inner = arguments.strip()[1:-1].strip()
    return f"await asyncio.to_thread({', '.join(filter(None, (function, inner)))})"


def _is_sleep(function: str, leaf: str) -> bool:
    return function == "time.sleep" or (function == "sleep" and leaf == "time.sleep")


def _is_http(function: str, leaf: str) -> bool:
    is_verb = function.rpartition(".")[2] in HTTP_VERBS
    return is_verb and (function.startswith(HTTP_CLIENTS) or leaf.startswith(HTTP_CLIENTS))


def _is_query(function: str, leaf: str) -> bool:
    is_method = function.rpartition(".")[2] in ORM_METHODS
    return is_method and (".objects." in function or leaf.startswith(ORM))


def _query(function: str) -> str:
    owner, dot, method = function.rpartition(".")
    return f"{owner}{dot}a{method}"


def _request(function: str) -> str:
    return f"{CLIENT}.{function.rpartition('.')[2]}"


def _sleep(function: str) -> str:
    return "asyncio.sleep"


_RULES: tuple[tuple[Callable[[str, str], bool], Callable[[str], str]], ...] = (
    (_is_sleep, _sleep),
    (_is_http, _request),
    (_is_query, _query),
)
