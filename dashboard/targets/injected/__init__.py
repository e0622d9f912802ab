"""What runs inside the project's interpreter: standard library alone, Python 3.9 and later."""

from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
PROBE: Final = _HERE / "probe"  # a directory for PYTHONPATH
STARTER: Final = _HERE / "starter"
INSPECTOR: Final = _HERE / "inspector"
CHECKER: Final = _HERE / "checker"
