"""The lines around a line, read from the project's files; nothing outside its directory is read."""

from __future__ import annotations

from pathlib import Path

LINES_AROUND = 3
MAX_FILE_BYTES = 500_000
MAX_CHARACTERS = 300  # of one line


class ProjectSource:
    """Reads files below one directory, each once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory.resolve()
        self._texts: dict[str, str] = {}

    def text(self, path: str) -> str:
        """Return a file of the project by its path relative to the directory.

        Return an empty text if it cannot be read, is no UTF-8, is too large, or is outside.
        """
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def around(self, path: str, line: int) -> tuple[int, list[str]]:
        """Return the number of the first line and the lines around `line`; (0, []) if unknown."""
        lines = self.text(path).splitlines()
        if not 1 <= line <= len(lines):
            return 0, []
        first = max(1, line - LINES_AROUND)
        return first, [text[:MAX_CHARACTERS] for text in lines[first - 1 : line + LINES_AROUND]]

    def _read(self, path: str) -> str:
        try:
            file = (self._directory / path).resolve()
            if not file.is_relative_to(self._directory) or not file.is_file():
                return ""
            if file.stat().st_size > MAX_FILE_BYTES:
                return ""
            return file.read_text(encoding="utf-8")
        except (OSError, ValueError):  # not UTF-8, or a NUL in the path
            return ""
