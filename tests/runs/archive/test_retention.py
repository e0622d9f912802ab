"""Retention by age, number and size: the oldest go first, pinned and active runs stay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils.timezone import now

from dashboard.models import Experiment, Run, Status, StoredFrame
from dashboard.runs.archive import retention
from dashboard.runs.archive.retention_limits import Limits
from dashboard.runs.archive.tidying import tidy
from dashboard.wire.errors import Invalid
from dashboard.wire.stored.questions import ClaimsQuestion

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = {"keep": "keep", "runs": "runs", "size": "size"}
FRAME = bytes(100_000)


def store(pk: str, days: int, *, frames: int = 1, **fields: object) -> Run:
    """A run that ended so many days ago."""
    plan: Any = {"scenario": "sleep"}
    run = Run.objects.create(
        pk=pk,
        plan=plan,
        title="t",
        project="p",
        owner_pid=1,
        owner_started=0,
        **{"status": Status.FINISHED, **fields},
    )
    Run.objects.filter(pk=pk).update(created=now() - timedelta(days=days))
    StoredFrame.objects.bulk_create(
        StoredFrame(run=run, sequence=number, data=FRAME) for number in range(frames)
    )
    return run


def left() -> Sequence[str]:
    return sorted(Run.objects.values_list("pk", flat=True))


@pytest.fixture
def runs() -> None:
    store("old", 100)
    store("oldpin", 90, pinned=True)
    store("oldbusy", 80, status=Status.RUNNING)
    store("middle", 50)
    store("new", 1)


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    ("options", "gone"),
    [
        ([], []),
        (["--keep", "60d"], ["old"]),
        (["--keep", "60d", "--no-keep-pinned"], ["old", "oldpin"]),
        (["--keep", "1w"], ["middle", "old"]),
        (["--keep", "1h"], ["middle", "new", "old"]),
        (["--runs", "5"], []),
        (["--runs", "4"], ["old"]),
        (["--runs", "3"], ["middle", "old"]),
        (["--runs", "0"], ["middle", "new", "old"]),
        (["--keep", "60d", "--runs", "3"], ["middle", "old"]),
        (["--size", "2GB"], []),
        (["--size", "0MB"], ["middle", "new", "old"]),
        (["--keep", "1h", "--dry-run"], []),
    ],
)
def test_the_oldest_runs_beyond_a_limit_go(
    options: list[str], gone: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = left()
    call_command("prune", *options)
    assert left() == sorted(set(before) - set(gone))
    assert StoredFrame.objects.count() == len(left())
    printed = capsys.readouterr().out
    assert "run" in printed
    if "--dry-run" in options:
        assert "old of " in printed
        assert "3 runs would be deleted." in printed
    else:
        assert printed.startswith(f"Deleted {len(gone)} run")


def test_a_size_deletes_as_many_as_it_takes_and_the_file_shrinks() -> None:
    for number in range(10):
        store(f"run{number}", 10 - number, frames=20)
    path = Path(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before, used = path.stat().st_size, retention.used_bytes()
    call_command("prune", "--size", f"{(used - 5_000_000) // 10**6}MB")
    assert left() == [f"run{number}" for number in range(3, 10)]
    assert before - path.stat().st_size > 5_000_000


@pytest.mark.usefixtures("runs")
def test_without_room_to_write_the_file_anew_its_end_is_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = Path(connection.settings_dict["NAME"])
    retention.give_back(path)  # from now on that is possible
    store("large", 200, frames=50)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    free = type("Usage", (), {"free": 10})
    monkeypatch.setattr("shutil.disk_usage", lambda _: free)
    retention.delete(retention.surplus(Limits(age=timedelta(days=150))))
    assert "large" not in left()
    assert retention.give_back(path) > 4_000_000


def experiment(status: Status) -> Experiment:
    question: ClaimsQuestion = {"claims": []}
    return Experiment.objects.create(
        kind="claims",
        title="t",
        question=question,
        project="p",
        owner_pid=1,
        owner_started=0,
        status=status,
    )


def test_an_experiment_goes_with_its_last_run_and_an_active_one_keeps_its_runs() -> None:
    ended, active = experiment(Status.FINISHED), experiment(Status.RUNNING)
    for position, days in enumerate((30, 10)):
        store(f"ended{position}", days, experiment=ended, position=position)
    store("active", 30, experiment=active, position=0)
    call_command("prune", "--keep", "20d")
    assert left() == ["active", "ended1"]
    call_command("prune", "--keep", "5d")
    assert left() == ["active"]
    assert [experiment.pk for experiment in Experiment.objects.all()] == [active.pk]


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("keep", "90"),
        ("keep", "d"),
        ("keep", "-1d"),
        ("keep", "٣d"),
        ("keep", "1y"),
        ("runs", "many"),
        ("runs", "5d"),
        ("size", "2"),
        ("size", "2gb"),
        ("size", "1.5GB"),
        ("size", "99999999999GB"),
    ],
)
def test_bad_usage_names_the_option(option: str, text: str) -> None:
    with pytest.raises(CommandError, match=f"^{option}: expected .*, found ") as refused:
        call_command("prune", f"--{option}={text}")
    assert refused.value.returncode == 2


@pytest.mark.usefixtures("runs")
def test_the_dashboard_keeps_to_the_environment_while_it_is_idle() -> None:
    limits = Limits.of_environment({"LIVEBURST_KEEP": "60d", "LIVEBURST_KEEP_RUNS": ""})
    assert limits == Limits(age=timedelta(days=60))
    assert tidy(limits) == 0  # a run is active
    Run.objects.filter(pk="oldbusy").update(status=Status.FAILED)
    assert tidy(limits) == 2
    assert left() == ["middle", "new", "oldpin"]
    assert tidy(Limits.of_environment({})) == 0
    with pytest.raises(Invalid, match="LIVEBURST_KEEP_SIZE: expected 500MB or 2GB, found 'big'"):
        Limits.of_environment({"LIVEBURST_KEEP_SIZE": "big"})
