"""The draft of a file with requests: valid, with shares, rows, arrivals and what was left out."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.project.labtoml.load import load_manifest
from dashboard.project.project import Project
from dashboard.targets.onboarding.traffic.destination import Destination
from dashboard.targets.onboarding.traffic.draft_traffic import (
    draft_traffic,
    named_views,
    traffic_files,
)
from dashboard.targets.onboarding.traffic.read_traffic import Traffic
from dashboard.targets.onboarding.traffic.selection import Choice
from tests.properties import examples
from tests.targets.onboarding.test_draft import route, seen

from .files import GET, entry, har, log, read, recorded

ROWS = "traffic-rows"
RUNNING = Destination("http://127.0.0.1:8000")


def drafted(
    directory: Path, traffic: Traffic, destination: Destination = RUNNING
) -> tuple[str, Project]:
    named = named_views(traffic, ROWS)
    for file in traffic_files(traffic, named, ROWS):
        path = directory / file.name
        path.parent.mkdir(exist_ok=True)
        path.write_text(file.text)
    text = draft_traffic(
        traffic, named, destination, directory, source="access.log", rows_directory=ROWS
    )
    (directory / "traffic.toml").write_text(text)
    return text, load_manifest(directory / "traffic.toml")


def test_a_log_becomes_scenarios_with_rows_for_a_target_that_runs(tmp_path: Path) -> None:
    lines = [entry(f"/product/{n % 3}/", second=n) for n in range(90)]
    lines += [entry("/", second=70) for _ in range(10)]
    text, project = drafted(tmp_path, read(log(tmp_path, *lines)))
    assert list(project.scenarios) == ["product-product", "root", "traffic"]
    mix = project.scenarios["traffic"]
    assert mix.mix == {"product-product.sync": 90, "root.sync": 10}
    assert (mix.rate_rps, [str(lane) for lane in mix.lanes]) == (1, ["mix@running"])
    variant = project.scenarios["product-product"].variants["sync"]
    assert [variant.url_path({}, row) for row in range(3)] == [
        "/product/0/", "/product/1/", "/product/2/",
    ]  # fmt: skip
    assert len(variant.rows) == 90
    assert project.scenarios["root"].variants["sync"].path == "/"
    assert "# 90.00% of the requests, 90; in the busiest minute: burst product-product" in text
    assert "a guess: the file does not have it" in text
    assert project.servers["running"].url == "http://127.0.0.1:8000"
    with (tmp_path / ROWS / "arrivals.csv").open() as file:
        assert [tuple(row.values()) for row in csv.DictReader(file)] == [
            ("2026-11-30 10:00", "60", "1"),
            ("2026-11-30 10:01", "40", "0.6667"),
        ]


def test_a_projects_routes_name_the_views(tmp_path: Path) -> None:
    routes = (
        route("product", path="/product/<int:pk>/", parameters={"pk": "int"}),
        route("new", path="/product/new/"),
        route("search", "async", path="/search/"),
        route("files", path="/files/<path:name>", parameters={"name": "path"}, files=True),
        route("account", path="/account/", login=True),
        route("old", path="/(^a+$)", regex=True),
    )
    inspection = seen(*routes, directory=tmp_path, python=None)
    lines = [entry("/product/5/"), entry("/product/7/"), entry("/product/new/")]
    lines += [entry("/search/?q=lamp"), entry("/search/?q=x"), entry("/files/a/b.txt")]
    lines += [entry("/account/"), entry("/elsewhere/")]
    traffic = read(log(tmp_path, *lines), GET, routes=routes)
    assert set(traffic.left_out) == {
        "Left out: 1 request: /files/<path:name>: it serves files.",
        "Left out: 1 request: no route of the project.",
    }
    text, project = drafted(tmp_path, traffic, Destination("", inspection))
    assert list(project.scenarios) == ["product", "search", "new", "traffic"]
    search = project.scenarios["search"].variants["async"]
    assert (search.source, search.url_path({}, 0)) == ("shop.views:search", "/search/?q=lamp")
    assert [row["pk"] for row in project.scenarios["product"].variants["sync"].rows] == ["5", "7"]
    assert str(project.scenarios["product"].lanes[0]) == "sync@gunicorn-gthread"
    assert "# GET /account/: it requires a login" in text
    assert "# login = true" in text


def test_a_body_is_a_column_of_its_own(tmp_path: Path) -> None:
    def post(text: str) -> dict[str, Any]:
        data = {"mimeType": "application/json", "text": text}
        return recorded("http://shop.example/order/3/", method="POST", postData=data)

    bodies = ['{"id": 1, "note": "{order}"}', '{"id": "é\n\\"x"}']
    traffic = read(har(tmp_path, *map(post, bodies)), Choice({"POST"}, bodies=True))
    _, project = drafted(tmp_path, traffic)
    variant = project.scenarios["order-order-post"].variants["sync"]
    assert (variant.method, variant.headers) == ("POST", (("Content-Type", "application/json"),))
    assert [body for _, body in variant.request_mode({}).rows] == bodies


def test_no_more_than_forty_scenarios_are_drafted_and_the_rest_is_a_share(tmp_path: Path) -> None:
    lines = [entry(f"/p{chr(97 + n // 26)}{chr(97 + n % 26)}/") for n in range(80)]
    text, project = drafted(tmp_path, read(log(tmp_path, *lines)))
    assert len(project.scenarios) == 41
    assert len(project.scenarios["traffic"].mix) == 40
    assert "# - Only the 40 most requested of 80 paths are drafted; the others are 50.0%" in text


segments = st.text(st.characters(codec="utf-8", exclude_characters="/?#"), min_size=1, max_size=12)


@given(
    paths=st.lists(st.lists(segments, max_size=4), min_size=1, max_size=6),
    query=st.lists(st.tuples(segments, segments), max_size=3),
)
@examples(60)
def test_any_request_is_drafted_so_that_the_same_is_fired(
    tmp_path_factory: pytest.TempPathFactory,
    paths: Sequence[Sequence[str]],
    query: Sequence[tuple[str, str]],
) -> None:
    directory = tmp_path_factory.mktemp("drafted")
    text = urlencode(list(query))
    targets = [
        "/" + "/".join(quote(part, safe="") for part in path) + (f"?{text}" if text else "")
        for path in paths
    ]
    traffic = read(log(directory, *map(entry, targets)))
    if not traffic.views:
        return
    _, project = drafted(directory, traffic)
    fired = {
        variant.url_path({}, row)
        for scenario in project.scenarios.values()
        for variant in scenario.variants.values()
        if not variant.mix
        for row in range(max(1, len(variant.rows)))
    }

    def decoded(target: str) -> tuple[str, tuple[tuple[str, str], ...]]:
        path, _, rest = target.partition("?")
        return unquote(path), tuple(parse_qsl(rest, keep_blank_values=True))

    assert {decoded(target)[0] for target in fired} <= {decoded(target)[0] for target in targets}
    kept = tuple(parse_qsl(text, keep_blank_values=True))
    assert {pair for target in fired for pair in decoded(target)[1]} <= set(kept)


def test_the_draft_is_toml_whatever_is_in_the_notes(tmp_path: Path) -> None:
    lines = [entry("/a/"), entry('/b/?token\x0b"]=1'), entry("/%0a%5d/")]
    text, project = drafted(tmp_path, read(log(tmp_path, *lines)))
    assert "a" in project.scenarios
    assert tomllib.loads(text)["scenario"]
