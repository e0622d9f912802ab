"""What is kept: experiments, runs, their lanes, and the frames as the engine wrote them."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import models

# No vowels and no look-alikes: an address that can be read aloud spells nothing by chance.
_ALPHABET = "23456789bcdfghjkmnpqrstvwxz"


def new_run_id() -> str:
    """Eight characters, 38 bits: short enough for a link, unguessed often enough for a lab."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))


class Status(models.TextChoices):
    """Where a run stands. The first three are active, the others are final."""

    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


ACTIVE = (Status.WAITING, Status.STARTING, Status.RUNNING)


class QueuedWork(models.Model):
    """What stands in line and is performed by one process: a run, or an experiment."""

    id = models.CharField(primary_key=True, max_length=8, default=new_run_id, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    status = models.CharField(max_length=11, choices=Status.choices, default=Status.WAITING)
    project = models.CharField(max_length=100)
    # Which process performs it: what lost its owner was interrupted.
    owner_pid = models.IntegerField()
    owner_started = models.FloatField()
    problem = models.TextField(default="")

    class Meta:
        """A table for each kind."""

        abstract = True

    @property
    def active(self) -> bool:
        """Whether it waits or runs: more will come."""
        return self.status in ACTIVE


class Experiment(QueuedWork):
    """A set of runs that answer one question, in one place of the line and stopped as one.

    `question` is what was asked, as JSON that the kind's own module reads.
    """

    class Kind(models.TextChoices):
        """What is asked."""

        CLAIMS = "claims"
        MATRIX = "matrix"
        SWEEP = "sweep"

    kind = models.CharField(max_length=6, choices=Kind.choices)
    title = models.CharField(max_length=200)
    question: models.JSONField[Any, Any] = models.JSONField()
    ended = models.DateTimeField(null=True)

    class Meta:
        """Experiments are read newest first."""

        ordering = ("-created",)
        indexes = (models.Index(fields=["status", "created"]),)

    def __str__(self) -> str:
        return f"{self.id} ({self.kind}, {self.status})"


class Run(QueuedWork):
    """Scenario × lanes × load × rounds; what is stored, linked, compared and repeated.

    One that belongs to an experiment has its `position` in it, from 0, and what the experiment
    calls it.
    """

    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="runs", null=True
    )
    position = models.PositiveSmallIntegerField(null=True)
    label = models.CharField(max_length=200, default="")
    # The claim that it was fired for, by its name in the lab.toml; empty: for none.
    claim = models.CharField(max_length=100, default="", blank=True, db_index=True)
    # What somebody wrote about it, and whether it is the one that others are held against.
    name = models.CharField(max_length=100, default="", blank=True)
    # The winner predicted before the run: a `runs.planning.prediction.Prediction` as JSON.
    guess: models.JSONField[Any, Any] = models.JSONField(null=True)
    notes = models.TextField(max_length=10_000, default="", blank=True)
    pinned = models.BooleanField(default=False)
    deleted = models.DateTimeField(null=True)  # to be undone until it is swept away
    plan: models.JSONField[Any, Any] = models.JSONField()
    # What the project said of the scenario then; the lab.toml may say otherwise by now.
    title = models.CharField(max_length=200)
    environment: models.JSONField[Any, Any] = models.JSONField(default=dict)
    warnings: models.JSONField[Any, Any] = models.JSONField(default=list)
    spoiled = models.TextField(default="")  # why there can be no verdict
    # Rounds that were repeated under a new number; their frames are kept and never counted.
    discarded_rounds: models.JSONField[Any, Any] = models.JSONField(default=list)
    # The engine's own latency and limit, as the last calibration before the run found them.
    floor_ms = models.FloatField(null=True)
    limit_rps = models.FloatField(null=True)
    log_tail = models.TextField(default="")
    report: models.JSONField[Any, Any] = models.JSONField(null=True)

    class Meta:
        """Runs are read newest first."""

        ordering = ("-created",)
        indexes = (models.Index(fields=["status", "created"]),)
        constraints = (
            models.UniqueConstraint(fields=["experiment", "position"], name="one_position"),
        )

    def __str__(self) -> str:
        return f"{self.id} ({self.plan['scenario']}, {self.status})"


class RunLane(models.Model):
    """One lane of a run: what it promised, and the facts of the target that served it.

    `capacity` is how many requests it works on at a time; None is as many as come. `wait_s` is
    how long each of them waits by what it was asked; None is where nobody says.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="lanes")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200)
    family = models.CharField(max_length=5)
    capacity = models.PositiveIntegerField(null=True)
    wait_s = models.FloatField(null=True)
    concurrency = models.CharField(max_length=200)
    facts: models.JSONField[Any, Any] = models.JSONField(default=dict)

    class Meta:
        """A lane's position is what the frames call it by."""

        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=["run", "position"], name="one_lane"),)

    def __str__(self) -> str:
        return self.name


class StoredFrame(models.Model):
    """A frame, byte for byte. Numbered from 0 without a gap, so that a reader can ask again."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="frames")
    sequence = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        """Frames are read in the order in which they came."""

        ordering = ("sequence",)
        constraints = (models.UniqueConstraint(fields=["run", "sequence"], name="one_frame"),)

    def __str__(self) -> str:
        return f"{self.run_id} #{self.sequence}"


class StoredReading(models.Model):
    """What was seen of engine and machine in one firing: a `runs.instrument.Reading` as JSON."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="readings")
    data: models.JSONField[Any, Any] = models.JSONField()

    class Meta:
        """In the order of the firings."""

        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.run_id}, round {self.data['round']}, lane {self.data['lane']}"


class Calibration(models.Model):
    """What the engine measured of itself, against a server that answers at once.

    `floor_ms` is the median response time of requests sent one at a time, `limit_rps` the
    throughput over 64 connections.
    """

    measured = models.DateTimeField(auto_now_add=True)
    floor_ms = models.FloatField()
    limit_rps = models.FloatField()

    class Meta:
        """The last one counts."""

        ordering = ("-measured",)
        get_latest_by = "measured"

    def __str__(self) -> str:
        return f"{self.floor_ms:.3f} ms, {self.limit_rps:.0f}/s"
