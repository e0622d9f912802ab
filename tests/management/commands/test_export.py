"""`export` and `import_run`."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from dashboard.models import Run, Status
from dashboard.runs.planning.plans import make_plan
from tests.runs.fakes import FakeEngine, FakeTargets, fake_laboratory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def run(tmp_path: Path) -> Run:
    lab = fake_laboratory(FakeEngine(), tmp_path)
    made = await lab.start(make_plan(FakeTargets().project, scenario="sleep", requests=10))
    assert (await lab.outcome(made)).status == Status.FINISHED
    return made


def test_a_run_goes_to_a_file_and_comes_back(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "run.json"
    call_command("export", run.pk, "--format", "json", "-o", str(file))
    call_command("import_run", str(file))
    name = capsys.readouterr().out.strip()
    assert Run.objects.get(pk=name).plan == run.plan
    assert name != run.pk


def test_the_last_run_goes_to_stdout(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("export", "last", "--format", "csv")
    lines = list(csv.reader(capsys.readouterr().out.splitlines()))
    assert {len(line) for line in lines} == {len(lines[0])}
    call_command("export", "last", "--format", "trace")
    assert json.loads(capsys.readouterr().out)["traceEvents"]


def test_a_run_goes_to_one_html_file_with_the_code_of_its_project(run: Run, tmp_path: Path) -> None:
    file, elsewhere = tmp_path / "run.html", tmp_path / "lab.toml"
    call_command("export", run.pk, "--format", "html", "-o", str(file))
    page = file.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "liveapp.views.sleep:sync" in page
    assert run.pk in page
    with pytest.raises(CommandError) as refused:
        call_command("export", run.pk, "--format", "html", "--project", str(elsewhere))
    assert "lab.toml" in str(refused.value)
    assert refused.value.returncode == 2


def test_bad_usage_names_the_field(run: Run, tmp_path: Path) -> None:
    for arguments, expected in (
        (["export", "nothing"], "run: expected the address of a stored run"),
        (["export", "last", "-o", str(tmp_path)], "output: expected a file"),
        (["export", "last", "--format", "speedscope"], "run: no lane of it was sampled"),
        (["import_run", str(tmp_path / "none")], "file: expected one that can be read"),
    ):
        with pytest.raises(CommandError) as refused:
            call_command(*arguments)
        assert expected in str(refused.value)
        assert refused.value.returncode == 2


def test_a_run_that_cannot_be_exported_ends_with_a_sentence(run: Run) -> None:
    run.frames.update(data=b"no frame")
    with pytest.raises(CommandError, match="run: it cannot be exported") as refused:
        call_command("export", run.pk, "--format", "csv")
    assert refused.value.returncode == 3
    Run.objects.filter(pk=run.pk).update(plan=7)
    with pytest.raises(CommandError, match="run: it cannot be exported"):
        call_command("export", run.pk, "--format", "html")
