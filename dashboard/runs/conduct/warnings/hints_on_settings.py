"""Hints on settings of a target's Django that distort the numbers."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.wire.report.target_facts import DjangoFacts, TargetFacts


def hints_on_settings(facts: TargetFacts) -> Iterator[str]:
    """Yield what in the settings of a target's Django distorts the numbers, and what to do."""
    django: DjangoFacts = facts.get("django") or {}
    if django.get("debug"):
        yield (
            "DEBUG is true: each query is kept in memory and errors are pages, so this is not"
            " what would be deployed. Set DEBUG = False."
        )
    if django.get("set_up_first"):
        module = str(facts.get("application") or "the application").partition(":")[0]
        yield (
            f"{module} imports models before Django is set up, so this server alone could not start"
            " it (AppRegistryNotReady); Liveburst set Django up first. Call"
            f" get_{facts.get('interface', 'asgi')}_application() above those imports."
        )
    counted = facts.get("connections")  # a warning of the report has the number that it leaves
    if django.get("keeps_connections") and facts.get("interface") == "asgi" and not counted:
        yield (
            "CONN_MAX_AGE is set under ASGI: a connection belongs to a thread that may never use"
            " it again, so connections pile up. Set it to 0, or use a pool."
        )
