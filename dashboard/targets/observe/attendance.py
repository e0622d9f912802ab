"""Who worked in a target during one firing, and how many requests they took."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LONGEST_READ_BYTES = 1 << 20
OUT_OF_DESCRIPTORS = b"Too many open files"  # what strerror(EMFILE) is, in every server's log


@dataclass(frozen=True)
class Attendance:
    """What the probes and the system say of one firing.

    `died` workers ended in it, `came` are those that served for the first time and had not been
    there when it began. `requests` is what the probes counted, without the neighbour's; None
    where a worker that died took its count along. `out_of_descriptors`: the log says so.
    """

    died: int = 0
    came: int = 0
    requests: int | None = None
    out_of_descriptors: bool = False


def says_out_of_descriptors(log: Path, since_bytes: int) -> bool:
    """Whether a log says it, in what was written behind its first so many bytes."""
    try:
        with log.open("rb") as file:
            file.seek(max(since_bytes, log.stat().st_size - LONGEST_READ_BYTES))
            return OUT_OF_DESCRIPTORS in file.read()
    except OSError:
        return False
