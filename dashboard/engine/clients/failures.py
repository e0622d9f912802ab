"""What a library's exception means, in the closed set of failures."""

from __future__ import annotations

import errno
import ssl
from collections.abc import Iterator, Sequence
from http.client import RemoteDisconnected
from typing import TypeAlias

from dashboard.wire.failure import Failure

NO_DESCRIPTORS = (errno.EMFILE, errno.ENFILE)

# Exceptions and their meaning, the most specific first.
Table: TypeAlias = Sequence[tuple[type[BaseException], Failure]]

COMMON: Table = (
    (ssl.SSLCertVerificationError, Failure.TLS),  # before what libraries wrap it in
    (RemoteDisconnected, Failure.CLOSED),  # though it is a ConnectionResetError
    (ConnectionRefusedError, Failure.REFUSED),
    (ConnectionResetError, Failure.RESET),
    (BrokenPipeError, Failure.RESET),
    (TimeoutError, Failure.TIMEOUT),
)


def failure_of(error: BaseException, table: Table) -> Failure:
    """Return what an exception means; `Failure.CLIENT` if no rule explains it.

    Libraries wrap the cause in exceptions of their own, so its whole chain is searched. `table`
    is the library's.
    """
    chain = list(_chain(error))
    if any(isinstance(each, OSError) and each.errno in NO_DESCRIPTORS for each in chain):
        return Failure.NO_DESCRIPTORS
    rules: Table = (*COMMON, *table, (ssl.SSLError, Failure.TLS))
    for kind, failure in rules:
        if any(isinstance(each, kind) for each in chain):
            return failure
    return Failure.CLIENT


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for each in error.exceptions:
                yield from _chain(each)
        error = error.__cause__ or error.__context__
