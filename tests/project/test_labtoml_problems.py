"""Reading a lab.toml: the problems of a bad one, each with its file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.project.labtoml.load import load_manifest
from dashboard.wire.errors import InvalidManifest

from .lab_files import GOOD, write

REFUSALS = [
    ('name = "shop"', "", "project.name", "expected"),
    ('name = "shop"', "name = 3", "project.name", "expected a text, found 3"),
    ('name = "shop"', 'nam = "shop"', "project.nam", "did you mean name?"),
    ('"shop.wsgi:application"', '"shop.wsgi"', "project.wsgi", "'package.module:name'"),
    ("env = {", 'directory = "nowhere"\nenv = {', "project.directory", "a directory"),
    ("env = {", 'python = "nowhere"\nenv = {', "project.python", "an interpreter"),
    ('[["python", "manage.py", "migrate"]]', "[[]]", "project.setup", "a list of commands"),
    ('"shop.settings"', "1", "project.env.DJANGO_SETTINGS_MODULE", "a text"),
    ("env = {", 'ca = "nowhere.pem"\nenv = {', "project.ca", "a file with certificates (PEM)"),
    ("env = {", 'ca = "lab.toml"\nenv = {', "project.ca", "a file with certificates (PEM)"),
    *(
        (
            "env = {",
            f'url = "http://{address}"\nenv = {{',
            "project.url",
            "expected an address like",
        )
        for address in ("[::1", "[", "]", "[::1]x", "[::1]:99999", ":80", "127.0.0.1:abc", "\u2100")
    ),
    ("env = {", 'inherit_env = ["SHOP-KEY"]\nenv = {', "project.inherit_env", "a list of names"),
    ("env = {", 'inherit_env = "SHOP_KEY"\nenv = {', "project.inherit_env", "a list of names"),
    ("env = {", 'inherit_env = ["*"]\nenv = {', "project.inherit_env", "a list of names"),
    ("env = {", 'inherit_env = ["LIVEBURST_*"]\nenv = {', "project.inherit_env", "set others in"),
    ("env = {", 'inherit_env = ["WEB_CONCURRENCY"]\nenv = {', "project.inherit_env", "in env"),
    ('title = "Searching"', "", "scenario.search.title", "expected"),
    ("default = 3", "default = 10", "scenario.search.parameters.pages.default", "1 to 9"),
    ("default = 3", "default = nan", "scenario.search.parameters.pages.default", "a number"),
    ("default = 3", "default = true", "scenario.search.parameters.pages.default", "a number"),
    ("min = 1,", "", "scenario.search.parameters.pages.min", "expected"),
    ("max = 9", "max = 0", "scenario.search.parameters.pages.max", "at least min, 1"),
    ("offers = [5]", "offers = [50]", "scenario.search.parameters.pages.offers", "1 to 9"),
    ("offers = [5]", "offers = 5", "scenario.search.parameters.pages.offers", "list of numbers"),
    ('["sync@daphne"]', "[]", "scenario.search.lanes", "a list of texts"),
    ('"sync@daphne"', '"sync"', "scenario.search.lanes", "VARIANT@SERVER"),
    ('"sync@daphne"', '"async@daphne"', "scenario.search.lanes", "a variant (sync)"),
    (
        '"sync@daphne"',
        '"sync@apache"',
        "scenario.search.lanes",
        "expected a server, one of gunicorn-sync",
    ),
    ('["sync@daphne"]', '["sync@daphne", "sync@daphne"]', "scenario.search.lanes", "each once"),
    ("requests = 7", "requests = 0", "scenario.search.load.requests", "a whole number from 1"),
    ("rounds = 2", "rounds = 2.5", "scenario.search.load.rounds", "a whole number from 1"),
    ("rounds = 2", "round = 2", "scenario.search.load.round", "did you mean rounds?"),
    ('wait = "pages"', 'wait = "time"', "scenario.search.wait", "the name of a parameter"),
    ('wait = "pages"', 'wait = "pages * time"', "scenario.search.wait", "of several with *"),
    ("at_a_time = 2", 'wait = "time"', "scenario.search.variant.sync.wait", "of a parameter"),
    ('family = "sync"', 'family = "threads"', "scenario.search.variant.sync.family", "'async'"),
    ('"/search/', '"search/', "scenario.search.variant.sync.path", "begins with /"),
    ("{pages}", "{page}", "scenario.search.variant.sync.path", "parameters in braces (pages)"),
    ("{pages}", "{pages", "scenario.search.variant.sync.path", "parameters in braces (pages)"),
    ("{pages}", "{pages.real}", "scenario.search.variant.sync.path", "parameters in braces"),
    ('"shop.views:search"', '"shop"', "scenario.search.variant.sync.source", "an import"),
    ('needs = "asgi"', 'needs = "luck"', "scenario.search.variant.sync.needs", "'asgi' or 'wsgi'"),
    ("at_a_time = 2", "at_a_time = 0", "scenario.search.variant.sync.at_a_time", "from 1"),
    ("[scenario.search.variant.sync]", '[scenario.search.variant."a@b"]', "", "expected a name"),
    ('neighbour = "/ping/"', 'neighbour = "ping"', "project.neighbour", "begins with /"),
    ("gthread:threads=8", "gthread:threads=0", "project.server", "whole number from 1 to 1024"),
    ("gunicorn-gthread:threads=8", "apache", "project.server", "expected a server, one of"),
    ('wsgi = "shop.wsgi:application"\n', "", "project.server", "expected project.wsgi beside it"),
    ('[["python", "manage.py", "migrate"]]', '["migrate"]', "project.setup", "each a list"),
    ('["python", "upstream.py", "{port}"]', "[]", "companion.upstream.command", "a list of texts"),
    ('["python", "upstream.py", "{port}"]', '"serve"', "companion.upstream.command", "of texts"),
    (
        '"{port}"]',
        '"{port}"]\nscenarios = ["sort"]',
        "companion.upstream.scenarios",
        "expected names of scenarios, found 'sort'",
    ),
    ('env = { UPSTREAM_URL = "http', 'envs = { U = "http', "companion.upstream.envs", "mean env?"),
    ('scenario = "search"', 'scenario = "sleep"', "claim.fast.scenario", "one of search"),
    ('scenario = "search"', "", "claim.fast.scenario", "expected"),
    ('"Searching is fast."', "7", "claim.fast.text", "a text"),
    ('["sync@daphne", "lat', '["async@daphne", "lat', "claim.fast.expect", "a variant (sync)"),
    ('["sync@daphne", "lat', '["sync@apache", "lat', "claim.fast.expect", "a server, one of"),
    ("backlog=128", "threads=128", "claim.fast.expect", "threads: not a setting of daphne"),
    ('["sync@daphne", "latency_ms.p95 < 9"]', '["sync@daphne"]', "claim.fast.expect", "pairs"),
    ("concurrency = 1, rounds", "concurrency = 0, rounds", "claim.fast.load.concurrency", "whole"),
    ("{ pages = 2 }", "{ pages = 20 }", "claim.fast.parameters.pages", "1 to 9"),
    ("=1..512", "", "claim.fast.sweep.over", "NAME=LOW..HIGH"),
    ("{ pages = 2 }", "{ page = 2 }", "claim.fast.parameters.page", "of search: pages"),
    ('method = "POST"', 'method = "FETCH"', "scenario.search.variant.sync.method", "GET, HEAD"),
    ('method = "POST"', 'method = "GET"', "scenario.search.variant.sync.body", "a method that"),
    ('{ Accept = "text', '{ "A B" = "text', "scenario.search.variant.sync.headers", "can carry"),
    (
        '{ Accept = "text/html" }',
        '{ Accept = "{env:my-type}" }',
        "scenario.search.variant.sync.headers",
        "expected {env:NAME}, the name of letters, digits and _, found '{env:my-type}'",
    ),
    ('["postgresql"]', '"postgresql"', "scenario.search.variant.sync.requires", "list of texts"),
    ('["postgresql"]', '["redis"]', "scenario.search.variant.sync.requires", "[requirement.redis]"),
    ('"SHOP_DATABASE_URL"', '"A B"', "requirement.postgresql.variable", "an environment variable"),
    ("[project]", "claims = 1\n[project]", "claims", "did you mean claim?"),
]


@pytest.mark.parametrize(("old", "new", "key", "expected"), REFUSALS)
def test_a_bad_value_is_refused_by_file_and_key(
    tmp_path: Path, old: str, new: str, key: str, expected: str
) -> None:
    assert old in GOOD
    with pytest.raises(InvalidManifest) as refused:
        load_manifest(write(tmp_path, GOOD.replace(old, new, 1)))
    messages = {problem.field: problem.message for problem in refused.value.problems}
    fields = [field for field in messages if field.startswith(f"lab.toml: {key}")]
    assert any(expected in messages[field] for field in fields), messages


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    bad = GOOD.replace('name = "shop"', "").replace("requests = 7", "requests = -1")
    with pytest.raises(InvalidManifest) as refused:
        load_manifest(write(tmp_path, bad))
    assert len(refused.value.problems) == 2


def test_a_file_with_nothing_to_serve_or_to_fire_at_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidManifest, match=r"project\.wsgi: expected at least one of wsgi, asgi"
    ):
        load_manifest(write(tmp_path, '[project]\nname = "x"\n'))
    with pytest.raises(InvalidManifest, match="scenario: expected"):
        load_manifest(write(tmp_path, '[project]\nname = "x"\nwsgi = "a:b"\n'))


def test_a_file_that_is_missing_or_not_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidManifest, match=r"lab\.toml: expected TOML"):
        load_manifest(write(tmp_path, "[project"))
    with pytest.raises(InvalidManifest, match="expected a file that can be read"):
        load_manifest(tmp_path / "nowhere.toml")
    (tmp_path / "latin.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(InvalidManifest, match="expected TOML"):
        load_manifest(tmp_path / "latin.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[server.apache]", "server.apache: expected one of gunicorn-sync"),
        ("[server.daphne]\nprocesses = 2", "daphne.processes: not a setting of daphne"),
        (
            "[server.gunicorn-sync]\nthreads = 2",
            "gunicorn-sync.threads: not a setting of gunicorn-sync",
        ),
        ("[server.uvicorn]\nprocesses = 0", "uvicorn.processes: expected a whole number"),
    ],
)
def test_an_unknown_server_or_setting_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidManifest) as refused:
        load_manifest(write(tmp_path, GOOD + text))
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("own", "other", "field"),
    [
        ('env = { URL = "a" }', "", "companion.one.env.URL: expected once, project.env has it"),
        ("", "[companion.two]\ncommand = ['two']\nenv = { URL = 'b' }",
         "companion.two.env.URL: expected once, companion.one.env.URL has it"),
    ],
)  # fmt: skip
def test_a_variable_that_is_set_twice_is_refused(
    tmp_path: Path, own: str, other: str, field: str
) -> None:
    lab = f"""
[project]
name = "two"
wsgi = "two:application"
{own}
[companion.one]
command = ["one"]
env = {{ URL = "http://127.0.0.1" }}
{other}
[scenario.a]
title = "A"
lanes = ["sync@waitress"]
[scenario.a.variant.sync]
family = "sync"
path = "/"
"""
    (tmp_path / "lab.toml").write_text(lab)
    with pytest.raises(InvalidManifest) as refused:
        load_manifest(tmp_path / "lab.toml")
    assert field in str(refused.value)
