"""Retention of the audit list, by age and number; limits of runs never touch it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils.timezone import now

from dashboard.accounts import AuditEntry
from dashboard.models import Run
from dashboard.runs.archive.retention_limits import AuditLimits, Limits
from dashboard.runs.archive.tidying import tidy
from dashboard.wire.errors import Invalid

pytestmark = pytest.mark.django_db(transaction=True)
DAYS = (400, 90, 30, 1)


@pytest.fixture(autouse=True)
def entries() -> None:
    for days in DAYS:
        entry = AuditEntry.objects.create(
            user="ada", address="192.0.2.7", action="fired", subject=f"{days} days ago"
        )
        AuditEntry.objects.filter(pk=entry.pk).update(at=now() - timedelta(days=days))


def left() -> Sequence[int]:
    """The ages in days of the entries that are left, oldest first."""
    subjects = AuditEntry.objects.order_by("pk").values_list("subject", flat=True)
    return [int(subject.split()[0]) for subject in subjects]


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ([], DAYS),
        (["--keep", "1h", "--runs", "0", "--size", "0MB"], DAYS),
        (["--audit-keep", "365d"], (90, 30, 1)),
        (["--audit-keep", "1h"], ()),
        (["--audit-entries", "4"], DAYS),
        (["--audit-entries", "3"], (90, 30, 1)),
        (["--audit-entries", "0"], ()),
        (["--audit-keep", "60d", "--audit-entries", "3"], (30, 1)),
        (["--audit-keep", "1000w", "--audit-entries", "1"], (1,)),
    ],
)
def test_the_oldest_entries_beyond_a_limit_go(
    options: list[str], kept: Sequence[int], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("prune", *options, "--dry-run")
    assert left() == list(DAYS)
    gone = len(DAYS) - len(kept)
    printed = capsys.readouterr().out
    assert ("audit" in printed) == (gone > 0)
    call_command("prune", *options)
    assert left() == list(kept)
    named = {0: "Deleted 0 runs;", 1: "Deleted 0 runs and 1 audit entry;"}
    expected = named.get(gone, f"Deleted 0 runs and {gone} audit entries;")
    assert capsys.readouterr().out.startswith(expected)


@pytest.mark.parametrize(
    ("option", "text"), [("audit-keep", "90"), ("audit-entries", "many"), ("audit-entries", "-1")]
)
def test_bad_usage_names_the_option(option: str, text: str) -> None:
    with pytest.raises(CommandError, match=f"^{option}: expected .*, found ") as refused:
        call_command("prune", f"--{option}={text}")
    assert refused.value.returncode == 2
    assert left() == list(DAYS)


def test_the_dashboard_keeps_to_the_environment() -> None:
    limits = Limits.of_environment({"LIVEBURST_KEEP_AUDIT": "60d"})
    assert limits == Limits(audit=AuditLimits(age=timedelta(days=60)))
    assert tidy(Limits.of_environment({})) == 0
    assert left() == list(DAYS)
    assert tidy(limits) == 0  # the number of runs
    assert left() == [30, 1]
    assert tidy(Limits.of_environment({"LIVEBURST_KEEP_AUDIT_ENTRIES": "1"})) == 0
    assert left() == [1]
    assert not Run.objects.exists()
    with pytest.raises(Invalid, match="LIVEBURST_KEEP_AUDIT: expected 90d, 12w or 36h"):
        Limits.of_environment({"LIVEBURST_KEEP_AUDIT": "90"})
