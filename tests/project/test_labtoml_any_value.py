"""Reading a lab.toml: whatever it contains is read, or refused in words."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import reduce
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dashboard.project.labtoml.assemble import project_of
from dashboard.project.labtoml.problems import Problems
from dashboard.project.labtoml.reading import read_file
from tests.targets.helpers import LIVEAPP

from .lab_files import GOOD

keys = st.sampled_from(
    ["name", "wsgi", "env", "sleep", "lanes", "variant", "parameters", "", "@", "[key]"]
)
odd_texts = st.sampled_from(
    ["{", "{pages!r}", "{env:}", "a@b", "http://[", "http://x:y", "a:b", "\0"]
)
scalars = st.booleans() | st.integers() | st.floats() | keys | odd_texts | st.text(max_size=9)
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=8
)

STARTS = ("expected ", "unknown key; ")  # a validator's own words would begin otherwise


@given(data=st.dictionaries(st.sampled_from(["project", "scenario", "x", "[key]"]), values))
def test_any_data_is_refused_in_words(data: dict[str, object]) -> None:
    problems = Problems("lab.toml")
    project_of(read_file(data, problems), LIVEAPP, problems)
    assert problems
    assert all(problem.message.startswith(STARTS) for problem in problems.all), problems.all


def places(value: object, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield each place in a file's tables and lists, as the keys that lead there."""
    yield place
    inner = value.items() if isinstance(value, dict) else ()
    for key, inner_value in enumerate(value) if isinstance(value, list) else inner:
        yield from places(inner_value, (*place, key))


FULL = """
[project.login]
path = "/login/"
username = "SHOP_USER"
password = "SHOP_PASSWORD"
headers = { Host = "shop.example" }

[server.uvicorn]
processes = 2
loop = "uvloop"

[server.staging]
url = "http://127.0.0.1:8002"

[version.before]
revision = "HEAD~1"

[scenario.search.variant.upload]
family = "async"
path = "/upload/"
method = "POST"
upload = { field = "file", megabytes = "{pages}" }
cookies = { theme = "dark" }
env = { DB_POOL = "1" }
settings = "shop.settings.pool"

[scenario.search.variant.consumer]
family = "async"
path = "/ws/"
websocket = true
open = ["hello"]
message = "{n}"
answer = "any"
"""


@given(
    place=st.sampled_from([place for place in places(tomllib.loads(GOOD + FULL)) if place]),
    value=values,
)
def test_any_value_anywhere_is_read_or_refused_in_words(
    place: tuple[str | int, ...], value: object
) -> None:
    data: Any = tomllib.loads(GOOD + FULL)
    *outer, last = place
    reduce(lambda table, key: table[key], outer, data)[last] = value
    problems = Problems("lab.toml")
    project_of(read_file(data, problems), LIVEAPP, problems)
    assert all(problem.message.startswith(STARTS) for problem in problems.all), problems.all
