"""Conversion factors between units, so that a number in the code names its unit once.

MB and KB are decimal (10⁶ and 10³ bytes) wherever a person enters a size. Memory is reported in MiB
(2²⁰ bytes), although its JSON key is `peak_rss_mb`; it is shown as MiB.
"""

from __future__ import annotations

from typing import Final

NS_PER_S: Final = 1_000_000_000
NS_PER_MS: Final = 1_000_000
NS_PER_US: Final = 1_000
MS_PER_S: Final = 1_000
BYTES_PER_KB: Final = 1_000
BYTES_PER_MB: Final = 1_000_000
BYTES_PER_MIB: Final = 1 << 20
