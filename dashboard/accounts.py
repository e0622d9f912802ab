"""The users of an exposed dashboard, their failed logins, and what was done there."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class Role(models.TextChoices):
    """What a user may do: a viewer watches, an operator also fires."""

    VIEWER = "viewer"
    OPERATOR = "operator"


class User(AbstractBaseUser):
    """A user of Django's; made, changed and removed in the terminal only."""

    name = models.CharField(max_length=32, unique=True)
    role = models.CharField(max_length=8, choices=Role.choices)
    added = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "name"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = BaseUserManager["User"]()

    class Meta:
        """Sorted by name."""

        ordering = ("name",)

    def __str__(self) -> str:
        return f"{self.name} ({self.role})"


class FailedLogins(models.Model):
    """How many logins in a row failed for a name or from an address, of which `key` is a hash."""

    key = models.CharField(primary_key=True, max_length=64)
    count = models.PositiveIntegerField(default=0)
    last = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.count} until {self.last:%Y-%m-%d %H:%M}"


class AuditEntry(models.Model):
    """Something that an operator did through the page: who, from where, and with what.

    It refers to nothing, so that it outlasts the user and the run that it names.
    """

    at = models.DateTimeField(auto_now_add=True)
    user = models.CharField(max_length=32)
    address = models.CharField(max_length=45)
    action = models.CharField(max_length=40)
    subject = models.CharField(max_length=100, default="")  # a run, an experiment, a claim
    detail = models.CharField(max_length=300, default="")

    class Meta:
        """Sorted by default: the newest first."""

        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.user} {self.action} {self.subject}"
