"""What is stored: experiments, runs, their lanes, and the frames as the engine wrote them."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import models

from dashboard.accounts import AuditEntry, FailedLogins, Role, User
from dashboard.masked_fields import MaskedCharField, MaskedJSONField, MaskedTextField
from dashboard.wire.report.advice import AdviceUnderTest
from dashboard.wire.report.report import Environment, Report
from dashboard.wire.report.target_facts import TargetFacts
from dashboard.wire.report.where import LaneWhere
from dashboard.wire.stored.plan import StoredPlan, StoredPrediction
from dashboard.wire.stored.questions import Question
from dashboard.wire.stored.reading import ReadingJson

__all__ = ["AuditEntry", "FailedLogins", "Role", "User"]  # Django looks for models here

# No vowels and no look-alikes: an id can be read aloud, and spells no word by chance.
_ALPHABET = "23456789bcdfghjkmnpqrstvwxz"


def new_run_id() -> str:
    """Return eight characters, 38 bits: short enough for a link, and hard enough to guess."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))


class Status(models.TextChoices):
    """The state of what is queued. The first three are active, the others final."""

    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


ACTIVE = (Status.WAITING, Status.STARTING, Status.RUNNING)


class QueuedWork(models.Model):
    """What is queued and performed by one process: a run, an experiment, or a sampling."""

    id = models.CharField(primary_key=True, max_length=8, default=new_run_id, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    status = models.CharField(max_length=11, choices=Status.choices, default=Status.WAITING)
    project = models.CharField(max_length=100)
    # The process that performs it; without it the run was interrupted.
    owner_pid = models.IntegerField()
    owner_started = models.FloatField()
    problem: models.TextField[str, str] = MaskedTextField(default="")

    class Meta:
        """One table per subclass."""

        abstract = True

    @property
    def active(self) -> bool:
        """True while it waits or runs."""
        return self.status in ACTIVE


class Experiment(QueuedWork):
    """A set of runs that answer one question, queued and stopped as one.

    `question` is read by the module of its kind.
    """

    class Kind(models.TextChoices):
        """The kind of question."""

        CLAIMS = "claims"
        MATRIX = "matrix"
        MIX = "mix"
        SWEEP = "sweep"
        SURVEY = "survey"
        CAPACITY = "capacity"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    title = models.CharField(max_length=200)
    question: models.JSONField[Question, Any] = models.JSONField()
    ended = models.DateTimeField(null=True)

    class Meta:
        """Sorted by default: the newest first."""

        ordering = ("-created",)
        indexes = (models.Index(fields=["status", "created"]),)

    def __str__(self) -> str:
        return f"{self.id} ({self.kind}, {self.status})"


class Run(QueuedWork):
    """Scenario × lanes × load × rounds; what is stored, linked, compared and repeated.

    A run of an experiment has its `position` there, from 0, and its `label`.
    """

    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="runs", null=True
    )
    position = models.PositiveSmallIntegerField(null=True)
    label = models.CharField(max_length=200, default="")
    # The claim that it tests, by its name in the lab.toml; empty for none.
    claim = models.CharField(max_length=100, default="", blank=True, db_index=True)
    # Written by the user, who may paste a secret; `pinned` makes it the baseline of its scenario.
    name: models.CharField[str, str] = MaskedCharField(max_length=100, default="", blank=True)
    # The winner predicted before the run: a `runs.planning.prediction.Prediction` as JSON.
    guess: models.JSONField[StoredPrediction | None, StoredPrediction | None] = models.JSONField(
        null=True
    )
    # The piece of advice that it tests: a `wire.report.advice.AdviceUnderTest`.
    tested_advice: models.JSONField[AdviceUnderTest | None, Any] = MaskedJSONField(null=True)
    # The id of the run that the advice is of; empty for none.
    advised_by = models.CharField(max_length=8, default="", blank=True, db_index=True)
    notes: models.TextField[str, str] = MaskedTextField(max_length=10_000, default="", blank=True)
    pinned = models.BooleanField(default=False)
    deleted = models.DateTimeField(null=True)  # can be undone until it is purged
    plan: models.JSONField[StoredPlan, StoredPlan] = models.JSONField()
    # As the lab.toml was then; it may have changed since.
    title = models.CharField(max_length=200)
    environment: models.JSONField[Environment, Environment] = MaskedJSONField(default=dict)
    warnings: models.JSONField[list[str], list[str]] = MaskedJSONField(default=list)
    spoiled: models.TextField[str, str] = MaskedTextField(default="")  # why there can be no verdict
    # Rounds that were repeated under a new number; their frames are stored and never counted.
    discarded_rounds: models.JSONField[list[int], list[int]] = models.JSONField(default=list)
    # The load generator's latency and limit, from the last calibration before the run.
    floor_ms = models.FloatField(null=True)
    limit_rps = models.FloatField(null=True)
    log_tail: models.TextField[str, str] = MaskedTextField(default="")
    # Read by `runs.reports.stored.stored_report`, as a Report; None until the run has ended.
    report: models.JSONField[Report | None, Any] = MaskedJSONField(null=True)

    class Meta:
        """Sorted by default: the newest first."""

        ordering = ("-created",)
        indexes = (models.Index(fields=["status", "created"]),)
        constraints = (
            models.UniqueConstraint(fields=["experiment", "position"], name="one_position"),
        )

    def __str__(self) -> str:
        return f"{self.id} ({self.plan['scenario']}, {self.status})"


class RunLane(models.Model):
    """One lane of a run: its configuration, and the facts of the target that served it.

    `capacity` is how many requests it handles at once, None for no limit. `wait_s` is how long each
    waits by its parameters, None if unknown.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="lanes")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200)
    family = models.CharField(max_length=5)
    capacity = models.PositiveIntegerField(null=True)
    wait_s = models.FloatField(null=True)
    concurrency = models.CharField(max_length=200)
    facts: models.JSONField[TargetFacts, TargetFacts] = MaskedJSONField(default=dict)

    class Meta:
        """Sorted by position, by which frames refer to a lane."""

        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=["run", "position"], name="one_lane"),)

    def __str__(self) -> str:
        return self.name


class LaneSamples(models.Model):
    """Where a lane spent its time in a sampled firing; None for a lane that could not be sampled.

    `missing` is the reason then, a sentence. Its size is bounded: `analysis.where.bounds`.
    """

    lane = models.OneToOneField(RunLane, on_delete=models.CASCADE, related_name="samples")
    where: models.JSONField[LaneWhere | None, LaneWhere | None] = MaskedJSONField(null=True)
    missing: models.TextField[str, str] = MaskedTextField(default="", blank=True)

    class Meta:
        """Sorted by the lane's position."""

        ordering = ("lane__position",)

    def __str__(self) -> str:
        return f"{self.lane_id}: {self.missing or 'sampled'}"


class Sampling(QueuedWork):
    """One more firing at lanes, sampled and never counted, as an entry of the queue.

    What it saw is stored as `LaneSamples` of its run; None for that of a command, which stores
    nothing. A process that is killed leaves it to be marked as interrupted.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="samplings", null=True)
    scenario = models.CharField(max_length=200)
    log_tail = models.TextField(default="")
    ended = models.DateTimeField(null=True)

    class Meta:
        """Sorted by default: the newest first."""

        ordering = ("-created",)

    def __str__(self) -> str:
        return f"{self.id} ({self.scenario}, {self.status})"


class StoredFrame(models.Model):
    """A frame, byte for byte. Numbered from 0 without a gap, so that it can be fetched again."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="frames")
    sequence = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        """Sorted in the order in which they came."""

        ordering = ("sequence",)
        constraints = (models.UniqueConstraint(fields=["run", "sequence"], name="one_frame"),)

    def __str__(self) -> str:
        return f"{self.run_id} #{self.sequence}"


class StoredReading(models.Model):
    """What was read of load generator and machine around one firing, as JSON."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="readings")
    data: models.JSONField[ReadingJson, ReadingJson] = models.JSONField()

    class Meta:
        """Sorted in the order of the firings."""

        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.run_id}, round {self.data['round']}, lane {self.data['lane']}"


class Calibration(models.Model):
    """The load generator's own numbers, measured against a server that answers at once.

    `floor_ms` is the median response time of requests sent one at a time, `limit_rps` the
    throughput over 64 connections.
    """

    measured = models.DateTimeField(auto_now_add=True)
    floor_ms = models.FloatField()
    limit_rps = models.FloatField()

    class Meta:
        """Sorted by default: the newest first."""

        ordering = ("-measured",)
        get_latest_by = "measured"

    def __str__(self) -> str:
        return f"{self.floor_ms:.3f} ms, {self.limit_rps:.0f}/s"
