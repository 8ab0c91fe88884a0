"""Periods of the calendar, lengths of time, and shares with intervals: what numbers over moments are made of."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal, get_args

import polars as pl
from pydantic import TypeAdapter, ValidationError

from idgraph.errors import ConfigError
from idgraph.pql.quantity import Window

__all__ = ["TIME", "WAIT", "Now", "Period", "calendar", "duration", "is_over", "period_of", "ratio", "wilson"]

Period = Literal["1d", "1w", "1mo", "1q", "1y"]
Now = datetime | date | str
TIME: Final = pl.Datetime("us", "UTC")
WAIT: Final = pl.Duration("us")
_WINDOW: Final = TypeAdapter[str](Window)


def duration(within: str) -> str:
    """Check a length of time, such as `30d`, and give it."""
    try:
        return _WINDOW.validate_python(within)
    except ValidationError:
        msg = f"{within!r} is no length of time: say how long, such as 30d, 2w or 3mo"
        raise ConfigError(msg) from None


def period_of(time: pl.Expr, every: Period) -> pl.Expr:
    """The beginning of the period that a time is in.

    Raises:
        ConfigError: there is no such period.
    """
    if every not in get_args(Period):
        msg = f"{every!r} is no period of the calendar: it is one of {', '.join(get_args(Period))}"
        raise ConfigError(msg)
    return time.dt.truncate(every)


def calendar(reached: pl.DataFrame, period: Period, until: datetime) -> pl.DataFrame:
    """Every period from the first moment to now: period."""
    if reached.is_empty():
        return pl.DataFrame(schema={"period": TIME})
    first = reached.select(period_of(pl.col("reached_at").min(), period)).item()
    return pl.select(period=pl.datetime_range(first, until, period, time_unit="us"))


def is_over(period: Period, within: str, until: datetime) -> pl.Expr:
    """Whether a period is over, and all who entered in it have had their time."""
    end = pl.col("period").dt.offset_by(period)
    return (end if within == "0d" else end.dt.offset_by(duration(within))) <= until


def ratio(part: pl.Expr, of: pl.Expr) -> pl.Expr:
    """Divide, null where there is nothing to divide by."""
    return pl.when(of > 0).then(part / of)


def wilson(hits: pl.Series, of: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Give Wilson's interval of 95 % of a share, as `low` and `high`; null where there is nothing to share.

    Args:
        hits: how many.
        of: of how many.

    >>> [round(one[0], 3) for one in wilson(pl.Series([25]), pl.Series([250]))]
    [0.069, 0.143]
    """
    from scipy.stats import binomtest  # half a second to import, which no run needs

    found = [binomtest(hit, n).proportion_ci(method="wilson") if n else None for hit, n in zip(hits, of, strict=True)]
    low, high = ([None if one is None else getattr(one, side) for one in found] for side in ("low", "high"))
    return pl.Series("low", low, pl.Float64), pl.Series("high", high, pl.Float64)
