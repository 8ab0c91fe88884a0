"""How long it takes from one moment to another, those who still wait counted too."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

import polars as pl

from idgraph.normalise.instants import instant

__all__ = ["already", "both", "known", "quantiles", "waiting"]

_TIME: Final = pl.Datetime("us", "UTC")
_CURVE: Final[Mapping[str, Any]] = {
    "after": pl.Duration("us"),
    "share": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
}


def waiting(entered: pl.DataFrame, reached: pl.DataFrame, now: datetime | date | str) -> pl.DataFrame:
    """Draw what share has come to a moment so long after another, those who still wait counted too (Kaplan and Meier).

    An average over those who arrived is too short, and the shorter, the younger they are: who still waits is not in it.
    Who came to the second moment first is not asked.

    Args:
        entered: entity_id, reached_at of the first moment.
        reached: the same of the other.
        now: the time at which it is asked.

    Returns:
        after (Duration), share (Float64: of all, by then), low and high (Float64: 95 %, log-log; null where it has
        none); one row for each wait that ended.

    >>> day = pl.datetime(2026, 1, pl.Series([1, 1, 1, 8]), time_zone="UTC", time_unit="us")
    >>> entered = pl.select(entity_id=pl.Series(["a", "b", "c", "d"]), reached_at=day)
    >>> reached = entered.head(2).with_columns(pl.col("reached_at") + pl.Series([timedelta(days=2), timedelta(days=6)]))
    >>> waiting(entered, reached, "2026-01-11").select(pl.col("after").dt.total_days(), pl.col("share").round(3)).rows()
    [(2, 0.25), (6, 0.625)]
    """
    asked = both(entered, reached, instant(now)).filter(~already())
    return _drawn(asked, instant(now))


def known(reached: pl.DataFrame, until: datetime) -> pl.DataFrame:
    """Keep those who came to a moment by a time."""
    return reached.select("entity_id", "reached_at").filter(pl.col("reached_at") <= until)


def both(entered: pl.DataFrame, reached: pl.DataFrame, until: datetime) -> pl.DataFrame:
    """Pair those who entered by a time: entity_id, entered_at, reached_at (null: not yet)."""
    begun = known(entered, until).rename({"reached_at": "entered_at"})
    return begun.join(known(reached, until), on="entity_id", how="left", maintain_order="left")


def already() -> pl.Expr:
    """Whether they came to the other moment before they entered; see `both`."""
    return (pl.col("reached_at") < pl.col("entered_at")).fill_null(value=False)


def _drawn(asked: pl.DataFrame, until: datetime) -> pl.DataFrame:
    """Draw the curve of those who entered, by entered_at and reached_at (null: they still wait)."""
    from scipy.stats import CensoredData, ecdf  # half a second to import, which no run needs

    waits, so_far = (
        asked.filter(there).select(((end - pl.col("entered_at")) / timedelta(microseconds=1)).cast(pl.Float64))
        for there, end in (
            (pl.col("reached_at").is_not_null(), pl.col("reached_at")),
            (pl.col("reached_at").is_null(), pl.lit(until, _TIME)),
        )
    )
    if waits.is_empty():
        return pl.DataFrame(schema=_CURVE)
    ended = waits.to_series().to_numpy()
    curve = ecdf(CensoredData(uncensored=ended, right=so_far.to_series().to_numpy())).cdf
    drawn = {"after": curve.quantiles, "share": curve.probabilities, **_interval(curve)}
    return pl.DataFrame(drawn).filter(pl.col("after").is_in(ended)).cast({"after": pl.Int64}).cast(pl.Schema(_CURVE))


def _interval(curve: Any) -> dict[str, pl.Series]:  # noqa: ANN401 - scipy does not name it
    """The interval at each time of a curve, null where it has none: nobody, or everybody, is there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # said of what is null here
        interval = curve.confidence_interval(method="log-log")
    return {side: pl.Series(getattr(interval, side).probabilities).fill_nan(None) for side in ("low", "high")}


def quantiles(cohort: pl.DataFrame, until: datetime) -> list[timedelta | None]:
    """Say when a fourth and a half of those who entered were there."""
    curve = _drawn(cohort, until)
    return [curve.filter(pl.col("share") >= share)["after"].min() for share in (0.25, 0.5)]  # type: ignore[misc]
