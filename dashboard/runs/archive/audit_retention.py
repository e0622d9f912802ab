"""Which entries of the audit list are deleted, by age and number: the oldest."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.timezone import now

from dashboard.accounts import AuditEntry

from .retention_limits import AuditLimits


def surplus(limits: AuditLimits) -> QuerySet[AuditEntry]:
    """Return the entries beyond the limits; none without a limit."""
    beyond = Q(pk__in=())
    if limits.age is not None:
        beyond |= Q(at__lt=now() - limits.age)
    if limits.entries is not None:
        # Ids only grow: an SQLite table of Django's gives none away twice.
        newest = AuditEntry.objects.values_list("pk", flat=True)
        last = newest[limits.entries : limits.entries + 1].first()
        beyond |= Q(pk__lte=last or 0)
    return AuditEntry.objects.filter(beyond)


def delete(limits: AuditLimits) -> int:
    """Delete the entries beyond the limits for good; return how many there were."""
    return surplus(limits).delete()[0]
