"""How large a file to import may be. Read by what refuses a request before Django is involved."""

from typing import Final

MOST_BYTES: Final = 256 * 2**20
