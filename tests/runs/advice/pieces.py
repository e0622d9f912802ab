"""A piece of advice as it is stored with a run."""

from __future__ import annotations

from dashboard.models import Run
from dashboard.wire.report.advice import Advice

ADVICE: Advice = {
    "cause": "threads-busy",
    "lane": "sync@gunicorn-gthread",
    "text": "Give gunicorn-gthread 40 threads instead of 8, one for each request.",
    "fires": "sync@gunicorn-gthread:threads=40",
    "untested": None,
    "prediction": {
        "metric": "makespan_s",
        "value": 0.104,
        "low": 0.0884,
        "high": 0.1196,
        "formula": "⌈40/40⌉ · 100 ms = 100 ms",
    },
    "memory_mb": 3.2,
    "diff": [],
    "unsafe": None,
}
READ: Advice = {
    **ADVICE,
    "cause": "loop-blocked",
    "text": "Call it without blocking the event loop, at views.py:42.",
    "fires": None,
    "untested": "your code is never changed",
    "diff": [" views.py:42 report", "-time.sleep(1)", "+await asyncio.sleep(1)"],
    "unsafe": "Code on another thread must be thread-safe.",
}


async def advise(run: Run, *pieces: Advice) -> None:
    """Store these pieces as the advice on a run that has ended."""
    run.report["advice"] = list(pieces)
    await run.asave(update_fields=["report"])
