"""Shares and samples: what is drafted has the proportions of the log, in bounded memory."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.targets.onboarding.traffic import groups
from dashboard.targets.onboarding.traffic.formats.access_log import AccessLog
from dashboard.targets.onboarding.traffic.groups import SAMPLE, Group
from dashboard.targets.onboarding.traffic.path_shapes import Values
from dashboard.targets.onboarding.traffic.path_values import is_token, is_value, names_secret
from dashboard.targets.onboarding.traffic.read_traffic import Traffic, _Reader
from tests.properties import examples

from .files import GET, counts, entry, log, read

PATHS = {
    "/": "GET /",
    "/product/{}/": "GET /product/{product}/",
    "/product/{}/reviews/": "GET /product/{product}/reviews/",
    "/search/?q={}": "GET /search/?q={q}",
    "/search/?q={}&page=2": "GET /search/?q={q}&page={page}",
    "/article/word{}x-word/": "GET /article/{article}/",
}


def read_lines(*lines: str) -> Traffic:
    return _Reader(GET, ()).read(AccessLog("access.log", lines))


@given(
    weights=st.lists(st.integers(0, 1_000), min_size=len(PATHS), max_size=len(PATHS)),
    seed=st.integers(0, 9),
)
@examples(20)
def test_shares_are_those_of_the_log(weights: list[int], seed: int) -> None:
    random = Random(seed)
    chosen = random.choices(list(PATHS), [*weights[:-1], weights[-1] + 200], k=3_000)
    # An article's name is a value only where there are many.
    lines = [
        entry(path.format(random.randrange(100, 999)), second=n / 50)
        for n, path in enumerate(chosen)
    ]
    drafted = counts(read_lines(*lines))
    expected = Counter(PATHS[path] for path in chosen)
    if expected["GET /article/{article}/"] > 60:
        assert drafted == expected
    assert sum(drafted.values()) == 3_000


def test_shares_stay_within_1_percent_where_rare_paths_are_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(groups, "MOST_GROUPS", 60)
    random = Random(4)
    common = random.choices(["/a/", "/b/", "/c/"], [60, 30, 10], k=20_000)
    rare = [f"/{'xyz'[n % 3]}{n}q/" + "w/" * (n % 40) for n in range(150)]
    lines = [*common, *rare]
    random.shuffle(lines)
    traffic = read_lines(*map(entry, lines))
    drafted, expected = counts(traffic), Counter(common)
    for path, number in expected.items():
        share = drafted[f"GET {path}"] / traffic.taken_in
        assert abs(share - number / len(common)) < 0.01
    assert any("of rare paths" in sentence for sentence in traffic.left_out)
    assert len(traffic.views) <= 60


def test_names_in_one_place_of_a_path_are_values_if_there_are_many() -> None:
    few = read_lines(*(entry(f"/page/{name}/") for name in ("new", "old", "about")))
    assert len(few.views) == 3
    names = [f"name-{chr(97 + n)}" for n in range(25)]
    many = read_lines(*(entry(f"/page/{name}/") for name in names))
    assert counts(many) == {"GET /page/{page}/": 25}
    assert [row[0] for row in many.views[0].rows] == names
    top = read_lines(*(entry(f"/{name}/") for name in names))
    assert len(top.views) == 25  # pages of their own
    beside = read_lines(*(entry(f"/page/{name}/") for name in ("new", "1", "2", "3")))
    assert counts(beside) == {"GET /page/{page}/": 3, "GET /page/new/": 1}


def test_what_answered_an_error_files_and_tokens_are_left_out() -> None:
    traffic = read_lines(
        entry("/a/"),
        entry("/gone/", status=404),
        entry("/broken/", status=500),
        entry("/static/app.js"),
        entry("/logo.png?v=2"),
        entry("/reset/MQ/c5x2k3-2f0e6d0d6f1c4f9fb3f7a1f5b6c7d8e9/"),
        entry("/a/", method="POST"),
        entry("/a/", method="PROPFIND"),
        entry("/%ff/"),
        entry("/q/?" + "&".join(f"a{n}=1" for n in range(60))),
        entry("/fill/%7Benv:SECRET%7D/"),
    )
    assert counts(traffic) == {"GET /a/": 1}
    assert set(traffic.left_out) == {
        "Left out: 1 request: answered 404.",
        "Left out: 1 request: answered 500.",
        "Left out: 2 requests: a file, such as an image, a style or a script.",
        "Left out: 1 request: a path that contains a token.",
        "Left out: 1 request: POST writes (--method POST takes it in).",
        "Left out: 1 request: PROPFIND, which a lab.toml does not know.",
        "Left out: 1 request: a path that is not UTF-8.",
        "Left out: 1 request: a query of more than 50 fields.",
        "Left out: 1 request: a value that contains {env:, which a lab.toml would fill in.",
    }


@given(sizes=st.lists(st.integers(0, 900), min_size=1, max_size=5))
@examples(20)
def test_the_sample_of_joined_groups_is_that_of_their_union(sizes: list[int]) -> None:
    random, whole, parts = Random(1), Group(), [Group() for _ in sizes]
    number = 0
    for part, size in zip(parts, sizes, strict=True):
        for _ in range(size):
            drawn, values = random.random(), Values((str(number),), ())
            whole.add(drawn, number, values)
            part.add(drawn, number, values)
            number += 1
    joined = Group()
    for part in parts:
        joined.join(part)
    assert joined.sample == whole.sample
    assert (joined.requests, len(joined.sample)) == (number, min(number, SAMPLE))


def test_a_sample_keeps_how_often_a_value_was_requested() -> None:
    random = Random(7)
    popular = [str(min(int(random.paretovariate(1.0)), 50)) for _ in range(20_000)]
    (view,) = read_lines(*(entry(f"/product/{key}/") for key in popular)).views
    share = sum(row == ("1",) for row in view.rows) / len(view.rows)
    assert abs(share - popular.count("1") / len(popular)) < 0.1
    assert len(view.rows) == SAMPLE


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        ("42", "value"),
        ("3f2504e0-4f89-41d3-9a0c-0305e82c3301", "value"),
        ("3f2504e04f8941d39a0c0305e82c3301", "value"),
        ("2026-11-30", "value"),
        ("bef9262", "value"),
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "value"),
        ("v2", "fixed"),
        ("products", "fixed"),
        ("added", "fixed"),  # letters of a hash, but no digit
        ("c5x2k3-2f0e6d0d6f1c4f9fb3f7", "token"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "token"),
        ("ghp_" + "a1B2" * 9, "token"),
        ("dGhpc0lzQVRva2VuMTIzNDU2Nzg", "token"),
    ],
)
def test_values_and_tokens_are_told_by_their_form(segment: str, expected: str) -> None:
    found = "token" if is_token(segment) else "value" if is_value(segment) else "fixed"
    assert found == expected


def test_secrets_in_a_query_are_told_by_their_names() -> None:
    secret = ("access_token", "api_key", "password", "code", "state", "sig", "sessionid")
    assert [name for name in secret if not names_secret(name)] == []
    assert [name for name in ("q", "page", "country", "ordering") if names_secret(name)] == []


def test_memory_is_bounded_by_groups_and_samples(tmp_path: Path) -> None:
    lines = (entry(f"/{n % 997}x/{n}/{n % 13}/?page={n % 7}") for n in range(30_000))
    traffic = read(log(tmp_path, *lines))
    assert sum(len(view.rows) for view in traffic.views) <= SAMPLE * len(traffic.views)
    assert sum(counts(traffic).values()) == 30_000
