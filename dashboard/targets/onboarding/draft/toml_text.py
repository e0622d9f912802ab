"""Pieces of TOML text: strings, and lines that are commented out."""

from __future__ import annotations

import json


def toml_string(text: str) -> str:
    """Return a TOML basic string; TOML reads what JSON escapes alike, except for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def one_line(text: str) -> str:
    """Return a text that may follow a `#`: on one line, without control characters."""
    return "".join(char if char.isprintable() else " " for char in text)


def commented_out(section: str, reason: str) -> str:
    """Return a section of the file as a comment, below a line with the reason."""
    lines = section.rstrip("\n").split("\n")
    return "\n".join([f"# {one_line(reason)}", *(f"# {line}".rstrip() for line in lines)]) + "\n"
