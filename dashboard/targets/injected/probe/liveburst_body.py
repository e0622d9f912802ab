"""Follows a WSGI response's body until its server closes it; part of the probe.

Standard library alone, Python 3.9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from liveburst_once import Once


def ignore(error: BaseException) -> None:
    """Do nothing with what was raised."""


def until_closed(
    body: Any,
    file_wrapper: Any,
    leave: Once,
    raised: Callable[[BaseException], None] = ignore,
) -> Any:
    """Return the body so that `leave` is called when the server closes it: the answer is over.

    `raised` is given what the body raises while the server reads or closes it. Of a file that the
    server sends by its own wrapper only the closing is seen.
    """
    if isinstance(file_wrapper, type) and isinstance(body, file_wrapper):
        # It must keep its type, or the server would not use sendfile.
        watched = Body(body, getattr(body, "close", None), leave, raised)
        try:
            body.close = watched.close  # type: ignore[attr-defined]
        except AttributeError:
            leave()  # a type written in C: its end cannot be seen
        return body
    # Servers draw conclusions from a length (waitress does): hand it on, and invent none.
    kind = SizedBody if hasattr(type(body), "__len__") else Body
    return kind(body, getattr(body, "close", None), leave, raised)


class Body:
    """A response's body, which reports when it is over and what it raised."""

    def __init__(
        self,
        body: Any,
        close: Callable[[], None] | None,
        leave: Once,
        raised: Callable[[BaseException], None],
    ) -> None:
        self.body = body
        self.close_body = close
        self.leave = leave
        self.raised = raised

    def __iter__(self) -> Iterator[Any]:
        try:
            chunks = iter(self.body)
        except Exception as error:
            self.raised(error)
            raise
        # A list or a tuple raises nothing, and its own iterator costs nothing.
        return chunks if type(self.body) in (list, tuple) else self.iterate(chunks)

    def iterate(self, chunks: Iterator[Any]) -> Iterator[Any]:
        """Yield the same chunks, and report what the application raises between them.

        No `yield from`: that would close the application's iterator where the server gives up,
        which is the server's to do.
        """
        try:
            for chunk in chunks:
                yield chunk
        except Exception as error:
            self.raised(error)
            raise

    def close(self) -> None:
        """Close the body; the server calls this when it has sent the body, or gave up."""
        try:
            if self.close_body is not None:
                self.close_body()
        except Exception as error:
            self.raised(error)
            raise
        finally:
            self.leave()


class SizedBody(Body):
    """The same for a body with a length, such as a list."""

    def __len__(self) -> int:
        return len(self.body)
