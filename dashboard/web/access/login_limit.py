"""How long a login has to wait: after five failures in a row twice as long for each further one.

Failures are counted by name, whether a user has it or not, and by address. Only hashes are stored,
since passwords are typed into the field of the name.
"""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv6Address
from typing import Final

from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.timezone import now

from dashboard.accounts import FailedLogins

from .exposure import plain_address

FREE_FAILURES: Final = 5
FIRST_WAIT_S: Final = 10
LONGEST_WAIT_S: Final = 15 * 60
FORGOTTEN_AFTER: Final = timedelta(days=1)
MOST_KEYS: Final = 10_000


def wait_s(name: str, address: str) -> int:
    """Return how many seconds are left until this name may log in from this address; 0 for none."""
    rows = FailedLogins.objects.filter(key__in=_keys(name, address))
    return max((_left_s(row) for row in rows), default=0)


def _left_s(row: FailedLogins) -> int:
    if row.count < FREE_FAILURES or row.last < now() - FORGOTTEN_AFTER:
        return 0
    doublings = min(row.count - FREE_FAILURES, 20)
    wait = timedelta(seconds=min(FIRST_WAIT_S * 2**doublings, LONGEST_WAIT_S))
    left_s = (row.last + wait - now()).total_seconds()
    return int(left_s) + 1 if left_s > 0 else 0


@transaction.atomic
def count_failure(name: str, address: str) -> None:
    """Count a login as failed; `forget` takes it back once it has succeeded.

    So a login is counted before its password is checked, and guesses that arrive together too.
    """
    FailedLogins.objects.filter(last__lt=now() - FORGOTTEN_AFTER).delete()
    for key in _keys(name, address):
        row, _ = FailedLogins.objects.get_or_create(key=key, defaults={"last": now()})
        row.count += 1
        row.last = now()
        row.save()
    surplus = FailedLogins.objects.order_by("-last").values_list("key")[MOST_KEYS:]
    FailedLogins.objects.filter(key__in=list(surplus.values_list("key", flat=True))).delete()


def forget(name: str, address: str) -> None:
    """Forget the failures of a name and an address, after a login."""
    FailedLogins.objects.filter(key__in=_keys(name, address)).delete()


def _keys(name: str, address: str) -> tuple[str, str]:
    return _hashed("name", name), _hashed("address", _network(address))


def _hashed(kind: str, text: str) -> str:
    return salted_hmac("liveburst.logins", f"{kind} {text}", algorithm="sha256").hexdigest()


def _network(address: str) -> str:
    """Return an address; of IPv6 the first half, all of which one client has."""
    parsed = plain_address(address)
    if isinstance(parsed, IPv6Address):
        return parsed.exploded[:19]
    return str(parsed or address)
