"""What runs inside the project's interpreter: standard library alone, Python 3.9 and later."""

from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
PROBE: Final = _HERE / "probe"  # a directory for PYTHONPATH, as are the next two
SAMPLER: Final = _HERE / "sampler"
XRAY: Final = _HERE / "xray"
# What is put on the path only beside the probe, by the variable that starts it.
ADDED: Final = {"LIVEBURST_SAMPLER": SAMPLER, "LIVEBURST_XRAY_APP": XRAY}
STARTER: Final = _HERE / "starter"
INSPECTOR: Final = _HERE / "inspector"
CHECKER: Final = _HERE / "checker"
