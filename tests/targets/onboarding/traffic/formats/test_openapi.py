"""OpenAPI descriptions, 3.x and 2.0, in JSON and YAML: operations with their examples."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from dashboard.targets.onboarding.traffic.formats.logged_request import InvalidTraffic
from dashboard.targets.onboarding.traffic.read_traffic import Traffic
from dashboard.targets.onboarding.traffic.selection import Choice
from tests.targets.onboarding.traffic.files import GET, read

SHOP = """
openapi: 3.1.0
info: {title: Shop, version: "1"}
servers: [{url: https://shop.example/api/}]
components:
  parameters:
    Page: {name: page, in: query, required: true, schema: {type: integer, default: 2}}
security: []
paths:
  /products/:
    parameters: [{$ref: '#/components/parameters/Page'}]
    get: {responses: {}}
    post:
      requestBody: {content: {application/json: {example: {name: lamp}}}}
      responses: {}
  /products/{id}/:
    parameters: [{name: id, in: path, required: true, schema: {type: integer, example: 7}}]
    get: {responses: {}}
    delete: {responses: {}}
  /reviews/{slug}/:
    get:
      parameters: [{name: slug, in: path, required: true, schema: {type: string}}]
      responses: {}
  /me/:
    get: {security: [{bearer: []}], responses: {}}
"""
SWAGGER = """
swagger: 2.0
basePath: /v2
x-tag: anything
parameters:
  kind: {name: kind, in: query, type: string, required: true, enum: [lamp, table]}
paths:
  x-hidden: [1]
  /products/{id}:
    get:
      parameters:
        - {name: id, in: path, required: true, type: integer, default: 5}
        - {$ref: '#/parameters/kind'}
"""


def described(directory: Path, text: str, choice: Choice = GET, name: str = "api.yaml") -> Traffic:
    path = directory / name
    path.write_text(text)
    return read(path, choice)


@pytest.mark.parametrize("as_json", [False, True])
def test_operations_become_views(tmp_path: Path, as_json: bool) -> None:
    text = json.dumps(yaml.safe_load(SHOP), indent=1) if as_json else SHOP
    traffic = described(tmp_path, text, name="api.json" if as_json else "api.yaml")
    assert traffic.kind == "OpenAPI description"
    assert [(view.path, bool(view.problem)) for view in traffic.views] == [
        ("/api/products/?page=2", False),
        ("/api/products/7/", False),
        ("/api/reviews//", True),
        ("/api/me/", True),
    ]
    problems = [view.problem for view in traffic.views if view.problem]
    assert problems[0] == "it needs a value for slug, of which there is no example"
    assert problems[1].startswith("it requires authorization, which is left out")
    assert traffic.left_out == (
        "Left out: 1 request: POST writes (--method POST takes it in).",
        "Left out: 1 request: DELETE writes (--method DELETE takes it in).",
    )


def test_operations_that_write_have_the_example_of_their_body_if_it_is_wanted(
    tmp_path: Path,
) -> None:
    (post,) = (
        view for view in described(tmp_path, SHOP, Choice({"POST"}, True)).views if view.body
    )
    assert (post.body, post.content_type) == ('{"name": "lamp"}', "application/json")
    without = described(tmp_path, SHOP, Choice({"POST"}))
    assert not any(view.body for view in without.views)
    assert any("its body" in sentence for sentence in without.left_out)


def test_a_description_of_2_0(tmp_path: Path) -> None:
    traffic = described(tmp_path, SWAGGER)
    assert [view.path for view in traffic.views] == ["/v2/products/5?kind=lamp"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("openapi: 3.1.0\npaths: {/a/: {get: [}}\n", "api.yaml, line 2: expected YAML, found: "),
        ("openapi: 3.1.0\npaths: 5\n", "line 2: expected an OpenAPI description, found: paths: "),
        ("openapi: 3.1.0\npaths:\n  /a/:\n    get: 5\n", "line 4: expected an OpenAPI"),
        ("openapi: 3.1.0\npaths:\n /a/: &a {}\n /b/: *a\n", "expected YAML, found: an alias, *a"),
        ("openapi: 3.1.0\ninfo: {}\n", "expected an OpenAPI description, found: paths: "),
        ("paths: {}\n", "found neither openapi nor swagger"),
        ("[" * 50_000, "expected "),
        ("openapi: !!python/object:os.system {}\npaths: {}", "line 1: expected YAML, found: "),
        ("- openapi\n", "line 1: expected an OpenAPI description"),
    ],
)
def test_bad_descriptions_are_refused_with_the_line(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(InvalidTraffic) as refused:
        described(tmp_path, text)
    assert message in str(refused.value)


def test_bad_json_is_refused_with_the_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidTraffic, match=r"^api\.json, line 3: expected JSON, found: "):
        described(tmp_path, '{"openapi": "3.1.0",\n"paths":\n}', name="api.json")
