"""Requests whose bodies a well-behaved client would not send."""

from __future__ import annotations

import re
import select
import socket
from collections.abc import Iterator
from pathlib import Path

MIB = 2**20


def post(address: tuple[str, int], path: str, body: Iterator[bytes], *head: str) -> tuple[int, int]:
    """Send a POST until it is answered or sent; return the status and how many bytes were sent."""
    lines = (f"POST {path} HTTP/1.1", f"Host: {address[0]}:{address[1]}", *head, "", "")
    with socket.create_connection(address, timeout=60) as client:
        client.sendall("\r\n".join(lines).encode())
        sent_bytes = 0
        for piece in body:
            if select.select([client], [], [], 0)[0]:
                break
            client.sendall(piece)
            sent_bytes += len(piece)
        return int(client.recv(4096).split()[1]), sent_bytes


def post_all(address: tuple[str, int], path: str, body: Iterator[bytes], *head: str) -> int:
    """Send a POST without reading the response; return how many bytes were accepted."""
    lines = (f"POST {path} HTTP/1.1", f"Host: {address[0]}:{address[1]}", *head, "", "")
    sent_bytes = 0
    with socket.create_connection(address, timeout=60) as client:
        client.sendall("\r\n".join(lines).encode())
        try:
            for piece in body:
                client.sendall(piece)
                sent_bytes += len(piece)
        except OSError:  # the server had enough of it
            pass
    return sent_bytes


def zeros(size_mib: int, *, chunked: bool = False) -> Iterator[bytes]:
    """Yield a body of zeros, a MiB at a time."""
    piece = bytes(MIB)
    for _ in range(size_mib):
        yield b"%x\r\n%b\r\n" % (MIB, piece) if chunked else piece
    if chunked:
        yield b"0\r\n\r\n"


def peak_memory_mib(pid: int) -> float:
    """Return the largest resident memory that a process has had."""
    text = Path(f"/proc/{pid}/status").read_text()
    match = re.search(r"^VmHWM:\s+(\d+) kB", text, re.MULTILINE)
    assert match
    return int(match[1]) / 1024


def memory_mib(pid: int) -> float:
    """Return the resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / MIB
