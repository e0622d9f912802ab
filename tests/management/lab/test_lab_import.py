"""`manage.py lab import`: a file that loads, messages in words, nothing overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command

from dashboard.project.labtoml.load import load_manifest
from dashboard.project.labtoml.schema import SCHEMA_FILE
from tests.management.command import new_project, refusal
from tests.targets.onboarding.traffic.files import entry, log


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_log_is_drafted_beside_where_one_is(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = log(directory, *(entry(f"/product/{n}/") for n in range(9)), entry("/x/", status=404))
    call_command("lab", "import", str(path))
    printed = capsys.readouterr().out
    assert "Read: 10 requests, 9 of them taken in, to 1 path." in printed
    assert "Left out: 1 request: answered 404." in printed
    assert "traffic.toml has 1 scenario: product-product." in printed
    assert "lab --project traffic.toml" in printed
    project = load_manifest(directory / "traffic.toml")
    assert len(project.scenarios["product-product"].variants["sync"].rows) == 9
    assert (directory / SCHEMA_FILE).exists()
    assert sorted(file.name for file in (directory / "traffic-rows").iterdir()) == [
        "arrivals.csv", "product-product.csv",
    ]  # fmt: skip


def test_existing_files_are_kept(directory: Path) -> None:
    path = log(directory, entry("/a/"))
    (directory / "traffic-rows").mkdir()
    (directory / "traffic-rows" / "arrivals.csv").write_text("mine")
    refused = refusal("lab", "import", str(path))
    assert (refused.returncode, "--force" in str(refused)) == (2, True)
    assert (directory / "traffic-rows" / "arrivals.csv").read_text() == "mine"
    assert not (directory / "traffic.toml").exists()
    call_command("lab", "import", str(path), "--force")
    (directory / "traffic.toml").write_text("mine")
    assert "--force" in str(refusal("lab", "import", str(path)))
    assert (directory / "traffic.toml").read_text() == "mine"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["nonsense"], "access.log, line 1: expected an access log"),
        ([entry("/x/", status=404)], "access.log: expected a request that can be taken in"),
        ([entry("/x/", method="POST")], "POST writes (--method POST takes it in)"),
    ],
)
def test_what_cannot_be_drafted_is_refused(directory: Path, lines: list[str], message: str) -> None:
    refused = refusal("lab", "import", str(log(directory, *lines)))
    assert refused.returncode == 2
    assert message in str(refused)
    assert [path.name for path in directory.iterdir()] == ["access.log"]


@pytest.mark.processes
def test_a_projects_own_routes_are_used(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = new_project(directory / "shop")
    (shop / "shop" / "urls.py").write_text(
        "from django.http import HttpResponse\nfrom django.urls import path\n\n"
        "def product(request, slug):\n    return HttpResponse(slug)\n\n"
        "urlpatterns = [path('product/<slug:slug>/', product)]\n"
    )
    path = log(directory, entry("/product/lamp/"), entry("/product/table/"), entry("/other/"))
    call_command("lab", "import", str(path), str(shop), "--python", "python")
    assert "Left out: 1 request: no route of the project." in capsys.readouterr().out
    project = load_manifest(directory / "traffic.toml")
    variant = project.scenarios["product"].variants["sync"]
    assert [row["slug"] for row in variant.rows] == ["lamp", "table"]
    assert (variant.source, project.directory) == ("shop.urls:product", shop)
