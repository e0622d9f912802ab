"""The cells of a survey's table as text, for the terminal, Markdown and the page."""

from __future__ import annotations

from dashboard.wire.experiments.survey import Alternative, ModelFit, SurveyRow, TimeShares

from .numbers import milliseconds, percent, significant, with_ends

NONE = "–"
STAND_IN = "stand-in"
# What a stand-in is, wherever one is shown.
STAND_IN_TEXT = (
    "A stand-in is a pool of as many threads as requests: it has the concurrency of an async view"
    " that does not exist yet."
)


def shares_text(shares: TimeShares | None) -> str:
    """Return *CPU 5 %, database 60 %, waiting 30 %, framework 5 %*, without parts below 1 %."""
    if shares is None:
        return NONE
    parts = {
        "CPU": shares.cpu,
        "database": shares.database,
        "waiting": shares.waiting,
        "framework": shares.framework,
    }
    shown = [f"{name} {share:.0%}".replace("%", " %") for name, share in parts.items()]
    kept = [text for text, share in zip(shown, parts.values(), strict=True) if share >= 0.01]
    return ", ".join(kept)


def p95_text(row: SurveyRow) -> str:
    """Return today's p95 under the largest load."""
    return NONE if row.p95_ms is None else milliseconds(row.p95_ms)


def shown_alternative(row: SurveyRow) -> Alternative | None:
    """Return the alternative of the row's cells: the recommended one, or else the fastest fired."""
    fired = (each for each in row.alternatives if each.run is not None)
    return row.best_alternative or next(fired, None)


def alternative_text(alternative: Alternative | None) -> str:
    """Return its lane, and whether it is a stand-in."""
    if alternative is None:
        return NONE
    return f"{alternative.lane} ({STAND_IN})" if alternative.stand_in else alternative.lane


def faster_text(alternative: Alternative | None) -> str:
    """Return *3.4× faster (3.2–3.6)*; a dash if it was not compared."""
    if alternative is None or alternative.ratio is None:
        return NONE
    ratio, ends = with_ends(alternative.ratio, alternative.interval)
    return f"{ratio} ({ends})" if ends else ratio


def price_text(alternative: Alternative | None) -> str:
    """Return what it takes more than today: *+12 MiB, +0.1 ms CPU*."""
    if alternative is None or alternative.run is None:
        return NONE
    parts = []
    if alternative.memory_mb is not None:
        parts.append(f"{_signed(alternative.memory_mb)} MiB")
    if alternative.cpu_ms is not None:
        parts.append(f"{_signed(alternative.cpu_ms)} ms CPU")
    return ", ".join(parts) or NONE


def predicted_text(alternative: Alternative | None) -> str:
    """Return *290/s, 281/s measured (+3.2 %)*."""
    if alternative is None:
        return NONE
    predicted = f"{significant(alternative.predicted_rps, 3)}/s"
    if alternative.measured_rps is None or alternative.error is None:
        return predicted
    measured = f"{significant(alternative.measured_rps, 3)}/s measured"
    return f"{predicted}, {measured} ({_signed_percent(alternative.error)})"


def word_text(row: SurveyRow) -> str:
    """Return the row's word, or its state if it has none."""
    return row.word or row.state.replace("-", " ")


def reason_text(row: SurveyRow) -> str:
    """Return the reason of the word, or why there is none."""
    return row.reason or row.why


def gained_text(row: SurveyRow) -> str:
    """Return what is gained of the p95, times the weight; a dash for nothing."""
    return milliseconds(row.gained_ms) if row.gained_ms else NONE


def fit_text(fit: ModelFit | None) -> str:
    """Return *Model: median error 6.1 %, Kendall's τ 0.91 (14 lanes fired).*, or an empty text."""
    if fit is None:
        return ""
    tau = "" if fit.tau is None else f", Kendall's τ {fit.tau:.2f}"
    lanes = "lane" if fit.lanes == 1 else "lanes"
    return f"Model: median error {percent(fit.median_error)}{tau} ({fit.lanes} {lanes} fired)."


def _signed(value: float) -> str:
    text = significant(abs(value), 2)
    if not float(text):
        return "±0"
    return f"{'−' if value < 0 else '+'}{text}"


def _signed_percent(error: float) -> str:
    return f"{_signed(100 * error)} %"
