"""Numbers over moments: how many, what share, how soon, who stays; each row says whether it is mature.

A moment here is a frame, as `moments` and `Definition.reached` give it: entity_id (String), reached_at (Datetime in
UTC), one row per entity.

Sign-up, qualification, purchase and cancellation are moments alike, so one word serves several metrics:

- PQL rate: `conversion(signed_up, qualified, …)`; PQL conversion: `conversion(qualified, paid, …)`; trial to paid:
  `conversion(trial, paid, …)`.
- time to PQL: `time_between(signed_up, qualified, …)`; how soon PQLs pay: `time_between(qualified, paid, …)`.

A row is mature once nothing that is still to happen can change it. An immature row is given too, but a newest cohort
that had no time yet always looks worse, or quicker, than it is. Journeys through several moments are in
`idgraph.pql.funnels`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import polars as pl

from idgraph.errors import ConfigError
from idgraph.normalise.instants import instant
from idgraph.pql.activity import Activity, Level, id_of
from idgraph.pql.definition import Definition
from idgraph.pql.periods import TIME, WAIT, Now, Period, calendar, duration, is_over, period_of, ratio, wilson
from idgraph.pql.tree import Moment
from idgraph.pql.waiting import already, both, known, quantiles

__all__ = [
    "active_users",
    "churn",
    "conversion",
    "moments",
    "pql_count",
    "time_between",
]

_WEEK, _MONTH = 7, 30


def moments(activity: Activity, level: Level, **named: Definition | Moment) -> dict[str, pl.DataFrame]:
    """Find when each entity came to some moments: frames by name, in order, as the words of this module take them.

    Args:
        activity: what happened.
        level: whose moments they are.
        named: definitions of that level, or moments.

    Raises:
        ConfigError: a definition is of another level.

    >>> from idgraph.pql import first
    >>> events = pl.DataFrame({"at": ["2026-01-01", "2026-01-09"], "event": ["signed_up", "paid"], "firm": "acme"})
    >>> activity = Activity.from_frame(events, account="firm")
    >>> stages = moments(activity, "account", signed_up=first("signed_up"), paid=first("paid"))
    >>> {name: frame["reached_at"].dt.day().to_list() for name, frame in stages.items()}
    {'signed_up': [1], 'paid': [9]}
    """
    return {name: _defined(one, name, level).reached(activity) for name, one in named.items()}


def pql_count(reached: pl.DataFrame, period: Period, now: Now) -> pl.DataFrame:
    """Count who came to a moment in each period of the calendar, periods of nobody included.

    Args:
        reached: entity_id, reached_at.
        period: `1w` (from Monday), `1mo` and so on, in UTC.
        now: the time at which it is asked; what comes later is not there.

    Returns:
        period (Datetime, its first moment), number (Int64), growth (Float64: by what factor of the period before; null
        where that had none), mature (Boolean: the period is over).

    >>> reached = pl.DataFrame({"entity_id": ["a", "b", "c"], "reached_at": ["2026-01-05", "2026-03-01", "2026-03-02"]})
    >>> reached = reached.with_columns(pl.col("reached_at").str.to_datetime(time_unit="us", time_zone="UTC"))
    >>> pql_count(reached, "1mo", "2026-03-20").select("number", "growth", "mature").rows()
    [(1, None, True), (0, 0.0, True), (2, None, False)]
    """
    until = instant(now)
    come = known(reached, until)
    found = come.group_by(period_of(pl.col("reached_at"), period).alias("period")).agg(pl.len().alias("counted"))
    every = calendar(come, period, until).join(found, on="period", how="left", maintain_order="left")
    number = pl.col("counted").fill_null(0).cast(pl.Int64)
    return every.select(
        "period",
        number.alias("number"),
        ratio(number, number.shift()).alias("growth"),
        mature=is_over(period, "0d", until),
    )


def conversion(entered: pl.DataFrame, reached: pl.DataFrame, period: Period, within: str, now: Now) -> pl.DataFrame:
    """Say what share of those who came to one moment came to another soon after, by when they came to the first.

    Args:
        entered: the first moment: entity_id, reached_at.
        reached: the other: entity_id, reached_at.
        period: the calendar by which those who entered are taken together.
        within: how long each of them has, its end not included, such as `30d`.
        now: the time at which it is asked.

    Returns:
        period (Datetime), already (Int64: who had come to the other before, and is not asked), entered (Int64: the
        others), reached (Int64), rate (Float64, null where nobody entered), low and high (Float64: Wilson's interval of
        95 %), mature (Boolean: everybody who can enter has had all of the time).

    250 people sign up in January, and 25 of them qualify:

    >>> january = pl.datetime(2026, 1, 5, time_zone="UTC", time_unit="us")
    >>> ids = pl.int_range(250, eager=True).cast(pl.String)
    >>> signed_up = pl.select(entity_id=ids, reached_at=january)
    >>> qualified = signed_up.head(25).with_columns(pl.col("reached_at").dt.offset_by("3d"))
    >>> conversion(signed_up, qualified, "1mo", "30d", "2026-04-01").select(
    ...     "entered", "reached", "rate", "mature"
    ... ).rows()[0]
    (250, 25, 0.1, True)
    """
    until = instant(now)
    pairs = both(entered, reached, until).with_columns(period=period_of(pl.col("entered_at"), period))
    asked = ~already()
    soon = pl.col("reached_at") < pl.col("entered_at").dt.offset_by(duration(within))
    found = pairs.group_by("period").agg(
        already=already().sum(), entered=asked.sum(), reached=(asked & soon.fill_null(value=False)).sum()
    )
    every = calendar(entered.filter(pl.col("reached_at") <= until), period, until)
    counts = [pl.col(name).fill_null(0).cast(pl.Int64) for name in ("already", "entered", "reached")]
    counted = every.join(found, on="period", how="left", maintain_order="left").select("period", *counts)
    return counted.with_columns(
        ratio(pl.col("reached"), pl.col("entered")).alias("rate"),
        *wilson(counted["reached"], counted["entered"]),
        mature=is_over(period, within, until),
    )


def time_between(entered: pl.DataFrame, reached: pl.DataFrame, period: Period, now: Now) -> pl.DataFrame:
    """Say how long it takes from one moment to another, by when people came to the first; see `waiting`.

    Args:
        entered: entity_id, reached_at of the first moment.
        reached: the same of the other.
        period: the calendar by which those who entered are taken together.
        now: the time at which it is asked.

    Returns:
        period (Datetime), entered (Int64: without those who came to the other first), reached (Int64), quarter, median
        (Duration: when a fourth and a half of them were there; null where that is not yet so), mature (Boolean: the
        period is over and the youngest have waited as long as the median, which is known).
    """
    until = instant(now)
    asked = both(entered, reached, until).filter(~already())
    rows = [
        (start, cohort.height, cohort["reached_at"].count(), *quantiles(cohort, until))
        for (start,), cohort in asked.sort("entered_at").group_by(
            period_of(pl.col("entered_at"), period), maintain_order=True
        )
    ]
    found = pl.DataFrame(rows, schema=_WAITS, orient="row")
    end = pl.col("period").dt.offset_by(period)
    return found.with_columns(mature=(end + pl.col("median") <= until).fill_null(value=False))


def churn(started: pl.DataFrame, ended: pl.DataFrame, period: Period, now: Now) -> pl.DataFrame:
    """Say what share of those who were there when a period began left in it.

    Args:
        started: when each came to pay: entity_id, reached_at.
        ended: when each cancelled or did not renew: entity_id, reached_at. A moment is the first time; who comes back
            is not there a second time.
        period: the calendar.
        now: the time at which it is asked.

    Returns:
        period (Datetime), there (Int64: at its beginning), left (Int64: of these), rate, low, high (Float64: Wilson's
        interval), mature (Boolean: the period is over).
    """
    until = instant(now)
    stays = both(started, ended, until).filter(~already())
    begun, ended_in = (pl.col(name).dt.truncate(period) for name in ("entered_at", "reached_at"))
    came = stays.group_by(begun.alias("period")).agg(came=pl.len())
    went = stays.group_by(ended_in.alias("period")).agg(went=pl.len(), left=(begun < ended_in).sum())
    every = calendar(stays.select(reached_at="entered_at"), period, until)
    for numbers in (came, went):
        every = every.join(numbers, on="period", how="left", maintain_order="left")
    changes = every.with_columns(pl.col("came", "went", "left").fill_null(0).cast(pl.Int64))
    there = (pl.col("came") - pl.col("went")).cum_sum().shift(fill_value=0)
    counted = changes.select("period", there.alias("there"), "left")
    return counted.with_columns(
        ratio(pl.col("left"), pl.col("there")).alias("rate"),
        *wilson(counted["left"], counted["there"]),
        mature=is_over(period, "0d", until),
    )


def active_users(activity: Activity, level: Level = "person") -> pl.DataFrame:
    """Count on each day who was active on it, in the 7 and in the 30 days that end with it.

    Args:
        activity: what happened.
        level: who is counted; an event without one of these counts for nobody.

    Returns:
        day (Date, UTC), daily, weekly, monthly (Int64), stickiness (Float64: daily by monthly), mature (Boolean: the
        day is over, and there were 30 days of events by then).

    >>> events = pl.DataFrame({"at": ["2026-01-01", "2026-01-09"], "event": ["x", "x"], "who": ["ana", "bo"]})
    >>> active_users(Activity.from_frame(events, person="who")).rows()[-1]
    (datetime.date(2026, 1, 9), 1, 1, 2, 0.5, False)
    """
    key = id_of(level)
    days = activity.read([key, "at"]).drop_nulls().select(key, day=pl.col("at").dt.date()).unique()
    spans = days.collect().sort(key, "day").with_columns(next=pl.col("day").shift(-1).over(key))
    if spans.is_empty():
        return pl.DataFrame(schema=_ACTIVE)
    counted = pl.select(day=pl.date_range(spans["day"].min(), activity.now.date()))  # type: ignore[arg-type]
    for name, length in (("daily", 1), ("weekly", _WEEK), ("monthly", _MONTH)):
        counted = counted.join(_covering(spans, length, name), on="day", how="left", maintain_order="left")
    numbers = [pl.col(name).fill_null(0).cum_sum().cast(pl.Int64) for name in ("daily", "weekly", "monthly")]
    over = pl.col("day") < activity.now.date()
    seen = pl.col("day") - pl.col("day").min() >= timedelta(days=_MONTH - 1)
    return counted.select("day", *numbers).with_columns(
        ratio(pl.col("daily"), pl.col("monthly")).alias("stickiness"), mature=over & seen
    )


_WAITS: Final[Mapping[str, Any]] = {
    "period": TIME,
    "entered": pl.Int64,
    "reached": pl.Int64,
    "quarter": WAIT,
    "median": WAIT,
}
_ACTIVE: Final[Mapping[str, Any]] = {
    "day": pl.Date, "daily": pl.Int64, "weekly": pl.Int64, "monthly": pl.Int64, "stickiness": pl.Float64,
    "mature": pl.Boolean,
}  # fmt: skip


def _defined(one: Definition | Moment, name: str, level: Level) -> Definition:
    if isinstance(one, Moment):
        return Definition(name=name, version="1", level=level, when=one)
    if one.level != level:
        msg = f"{name} is defined for the level {one.level}, and asked for the level {level}"
        raise ConfigError(msg)
    return one


def _covering(days: pl.DataFrame, length: int, name: str) -> pl.DataFrame:
    """By how many more or fewer are active on a day, if each day lasts so long, or until the next of the same one."""
    end = pl.min_horizontal(pl.col("day").dt.offset_by(f"{length}d"), "next")
    steps = [days.select("day", step=pl.lit(1)), days.select(end.alias("day"), step=pl.lit(-1))]
    return pl.concat(steps).group_by("day").agg(pl.col("step").sum().alias(name))
