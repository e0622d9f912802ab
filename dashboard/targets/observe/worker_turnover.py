"""Which workers of a target ended or joined in one firing, and how many requests they took."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LONGEST_READ_BYTES = 1 << 20
OUT_OF_DESCRIPTORS = b"Too many open files"  # strerror(EMFILE), as every server logs it


@dataclass(frozen=True)
class WorkerTurnover:
    """What the probes and the system report of one firing.

    `died` workers ended in it; `joined` served for the first time and did not exist when it
    began. `requests` is the sum of the probes' counts, without the bystander's; None if a worker
    died with its count. `out_of_descriptors` is read from the server's log.
    """

    died: int = 0
    joined: int = 0
    requests: int | None = None
    out_of_descriptors: bool = False


def log_shows_out_of_descriptors(log: Path, since_bytes: int) -> bool:
    """Return True if a log reports it behind its first `since_bytes` bytes."""
    try:
        with log.open("rb") as file:
            size = log.stat().st_size
            start = since_bytes if since_bytes <= size else 0  # a shorter log was cut since
            file.seek(max(start, size - LONGEST_READ_BYTES))
            return OUT_OF_DESCRIPTORS in file.read()
    except OSError:
        return False
