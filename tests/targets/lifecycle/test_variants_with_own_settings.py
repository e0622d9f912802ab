"""A variant with `env`, `asgi`, `wsgi` or `settings` of its own has a target of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.project.labtoml.load import load_manifest
from dashboard.project.model.service import target_name
from dashboard.wire.errors import InvalidManifest
from tests.targets.client import fire
from tests.targets.conftest import MakeTargets, ignore

LAB = """
[project]
name = "two"
wsgi = "two:application"
env = { NAME = "project" }
[scenario.a]
title = "A"
lanes = ["plain@gunicorn-sync", "other@gunicorn-sync"]
[scenario.a.variant.plain]
family = "sync"
path = "/"
[scenario.a.variant.other]
family = "sync"
path = "/"
env = { NAME = "variant" }
settings = "two.other"
[scenario.a.variant.same]
family = "sync"
path = "/"
env = { NAME = "variant" }
settings = "two.other"
[scenario.a.variant.app]
family = "sync"
path = "/"
wsgi = "two:second"
[scenario.a.variant.loop]
family = "async"
path = "/"
asgi = "two:third"
"""
APPLICATION = """
import os

def application(environ, start_response, word=""):
    name = os.environ["NAME"] + os.environ.get("DJANGO_SETTINGS_MODULE", "") + word
    start_response("200 OK", [("Content-Length", str(len(name)))])
    return [name.encode()]

def second(environ, start_response):
    return application(environ, start_response, "second")
"""


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    (tmp_path / "two.py").write_text(APPLICATION)
    (tmp_path / "lab.toml").write_text(LAB)
    return tmp_path / "lab.toml"


@pytest.mark.servers
async def test_each_variant_is_served_with_its_overrides(
    lab: Path, make_targets: MakeTargets
) -> None:
    targets = make_targets(lab)
    variants = targets.project.scenarios["a"].variants
    responses = {}
    for name in ("plain", "other", "same", "app"):
        target = await targets.ready(target_name("gunicorn-sync", variants[name].overrides), ignore)
        (answer,) = await fire(target.port, "/", 1, 1)
        own = target.facts.get("own")
        responses[name] = (target.port, len(answer.body), own and own["env"])
    texts = ("project", "varianttwo.other", "varianttwo.other", "projectsecond")
    assert [length for _, length, _ in responses.values()] == [len(text) for text in texts]
    assert responses["same"] == responses["other"]
    assert len({port for port, *_ in responses.values()}) == 3
    assert responses["other"][2] == ["DJANGO_SETTINGS_MODULE", "NAME"]


def test_a_variants_application_decides_which_servers_it_may_use(lab: Path) -> None:
    project = load_manifest(lab)
    variants, servers = project.scenarios["a"].variants, project.servers
    assert project.refusal(variants["loop"], servers["uvicorn"]) is None
    assert "project.asgi" in str(project.refusal(variants["plain"], servers["uvicorn"]))


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('settings = "two.other"', "settings = 'no module'", "variant.other.settings: expected a"),
        ('wsgi = "two:second"', "wsgi = 'two'", "variant.app.wsgi: expected an import"),
        ('env = { NAME = "variant" }', "env = { NAME = 3 }", "variant.other.env.NAME: expected"),
    ],
)
def test_bad_overrides_are_named_by_key(lab: Path, old: str, new: str, field: str) -> None:
    lab.write_text(LAB.replace(old, new, 1))
    with pytest.raises(InvalidManifest) as refused:
        load_manifest(lab)
    assert field in str(refused.value)
