"""Numbers over moments: how many, what share, how soon, who stays; each row says whether it is mature.

A moment here is a frame of `Definition.reached`: entity_id (String), reached_at (Datetime in UTC), one row per entity.
Sign-up, qualification, purchase and cancellation are moments alike, so one word serves several metrics:

- PQL rate: `conversion(signed_up, qualified, …)`; PQL conversion: `conversion(qualified, paid, …)`; trial to paid:
  `conversion(trial, paid, …)`.
- time to PQL: `time_to(signed_up, qualified, …)`; how soon PQLs pay: `time_to(qualified, paid, …)`.

A row is mature once nothing that is still to happen can change it. An immature row is given too, but a newest cohort
that had no time yet always looks worse, or quicker, than it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

import polars as pl
from pydantic import TypeAdapter, ValidationError
from scipy.stats import binomtest

from idgraph.entities.again import instant
from idgraph.errors import ConfigError
from idgraph.pql.activity import Activity, Level, id_of
from idgraph.pql.quantity import Window
from idgraph.pql.waiting import already, both, known, quantiles

__all__ = ["active_users", "churn", "conversion", "duration", "funnel", "pql_count", "snapshot", "time_to", "wilson"]

Period = Literal["1d", "1w", "1mo", "1q", "1y"]
_Now = datetime | date | str
_WINDOW: Final = TypeAdapter[str](Window)
_WEEK, _MONTH = 7, 30


def pql_count(moments: pl.DataFrame, period: Period, now: _Now) -> pl.DataFrame:
    """Count who came to a moment in each period of the calendar, periods of nobody included.

    Args:
        moments: entity_id, reached_at.
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
    come = known(moments, until)
    found = come.group_by(pl.col("reached_at").dt.truncate(period).alias("period")).agg(pl.len().alias("counted"))
    every = _calendar(come, period, until).join(found, on="period", how="left", maintain_order="left")
    number = pl.col("counted").fill_null(0).cast(pl.Int64)
    return every.select(
        "period",
        number.alias("number"),
        _share(number, number.shift()).alias("growth"),
        mature=_over(period, "0d", until),
    )


def conversion(entered: pl.DataFrame, reached: pl.DataFrame, period: Period, within: str, now: _Now) -> pl.DataFrame:
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
    pairs = both(entered, reached, until).with_columns(period=pl.col("entered_at").dt.truncate(period))
    asked = ~already()
    soon = pl.col("reached_at") < pl.col("entered_at").dt.offset_by(duration(within))
    found = pairs.group_by("period").agg(
        already=already().sum(), entered=asked.sum(), reached=(asked & soon.fill_null(value=False)).sum()
    )
    every = _calendar(entered.filter(pl.col("reached_at") <= until), period, until)
    counts = [pl.col(name).fill_null(0).cast(pl.Int64) for name in ("already", "entered", "reached")]
    counted = every.join(found, on="period", how="left", maintain_order="left").select("period", *counts)
    return counted.with_columns(
        _share(pl.col("reached"), pl.col("entered")).alias("rate"),
        *wilson(counted["reached"], counted["entered"]),
        mature=_over(period, within, until),
    )


def time_to(entered: pl.DataFrame, reached: pl.DataFrame, period: Period, now: _Now) -> pl.DataFrame:
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
            pl.col("entered_at").dt.truncate(period), maintain_order=True
        )
    ]
    found = pl.DataFrame(rows, schema=_WAITS, orient="row")
    end = pl.col("period").dt.offset_by(period)
    return found.with_columns(mature=(end + pl.col("median") <= until).fill_null(value=False))


def churn(started: pl.DataFrame, ended: pl.DataFrame, period: Period, now: _Now) -> pl.DataFrame:
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
    pairs = both(started, ended, until)
    every = _calendar(pairs.select(reached_at="entered_at"), period, until)
    end = pl.col("period").dt.offset_by(period)
    there = (pl.col("entered_at") < pl.col("period")) & (pl.col("reached_at") >= pl.col("period")).fill_null(value=True)
    left = there & (pl.col("reached_at") < end).fill_null(value=False)
    crossed = every.join(pairs, how="cross").group_by("period").agg(there=there.sum(), left=left.sum())
    counted = crossed.sort("period").with_columns(pl.col("there", "left").cast(pl.Int64))
    return counted.with_columns(
        _share(pl.col("left"), pl.col("there")).alias("rate"),
        *wilson(counted["left"], counted["there"]),
        mature=_over(period, "0d", until),
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
        _share(pl.col("daily"), pl.col("monthly")).alias("stickiness"), mature=over & seen
    )


def funnel(stages: Mapping[str, pl.DataFrame], period: Period, within: str, now: _Now) -> pl.DataFrame:
    """Follow those who entered in one period together: who got how far, in which time, and where they are stuck.

    Not to be taken for `snapshot`, which counts everybody who is somewhere at a time, whenever they entered.

    Args:
        stages: moments by name, in order, the first where the journey begins. A stage counts for those who came to all
            before it, from that time on; what came earlier counts as reached with the stage before.
        period: the calendar by which those who enter are taken together.
        within: how long each has from entering, its end not included.
        now: the time at which it is asked.

    Returns:
        period (Datetime), stage (String), reached (Int64), share (Float64: of those who entered), of_previous (Float64:
        of those in the stage before), stuck (Int64: who came this far and no further, null at the end), median_wait
        (Duration: from the stage before, those who still wait counted too; null where half are not there), mature
        (Boolean: all have had all of the time).
    """
    until = instant(now)
    steps = _steps(_journey(stages, until), list(stages), period, within)
    found = steps.group_by("period", "place", "stage").agg(reached=pl.col("reached_at").count().cast(pl.Int64))
    rows = found.sort("period", "place")
    reached, before, further = (pl.col("reached").shift(by).over("period") for by in (0, 1, -1))
    counted = rows.with_columns(
        _share(reached, pl.col("reached").first().over("period")).alias("share"),
        _share(reached, before).alias("of_previous"),
        (reached - further).alias("stuck"),
    )
    waits = _median_waits(steps, until)
    joined = counted.join(waits, on=["period", "place"], how="left", maintain_order="left").drop("place")
    return joined.with_columns(mature=_over(period, within, until))


def snapshot(stages: Mapping[str, pl.DataFrame], at: _Now) -> pl.DataFrame:
    """Count who stands in which stage at a time, whenever they entered; for how well it goes, see `funnel`.

    Args:
        stages: moments by name, in order, as for `funnel`.
        at: the time.

    Returns:
        stage (String), standing (Int64: whose furthest stage it is at that time), oldest (Duration: for how long the
        first of them has been there; null where nobody is).

    >>> day = pl.datetime(2026, 1, pl.Series([1, 5]), time_zone="UTC", time_unit="us")
    >>> signed_up = pl.select(entity_id=pl.Series(["a", "b"]), reached_at=day)
    >>> paid = signed_up.head(1).with_columns(pl.col("reached_at").dt.offset_by("6d"))
    >>> snapshot({"signed_up": signed_up, "paid": paid}, "2026-01-06").select("stage", "standing").rows()
    [('signed_up', 2), ('paid', 0)]
    """
    until = instant(at)
    journey, names = _journey(stages, until), list(stages)
    rows = []
    for name, further in zip(names, [*names[1:], None], strict=True):
        there = pl.col(name).is_not_null()
        since = journey.filter(there if further is None else there & pl.col(further).is_null())[name]
        rows.append((name, len(since), None if since.is_empty() else until - since.min()))  # type: ignore[operator]
    return pl.DataFrame(rows, schema=_SNAPSHOT, orient="row")


def wilson(hits: pl.Series, of: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Give Wilson's interval of 95 % of a share, as `low` and `high`; null where there is nothing to share.

    Args:
        hits: how many.
        of: of how many.

    >>> [round(one[0], 3) for one in wilson(pl.Series([25]), pl.Series([250]))]
    [0.069, 0.143]
    """
    found = [binomtest(hit, n).proportion_ci(method="wilson") if n else None for hit, n in zip(hits, of, strict=True)]
    low, high = ([None if one is None else getattr(one, side) for one in found] for side in ("low", "high"))
    return pl.Series("low", low, pl.Float64), pl.Series("high", high, pl.Float64)


_TIME: Final = pl.Datetime("us", "UTC")
_WAIT: Final = pl.Duration("us")
_WAITS: Final[Mapping[str, Any]] = {
    "period": _TIME,
    "entered": pl.Int64,
    "reached": pl.Int64,
    "quarter": _WAIT,
    "median": _WAIT,
}
_SNAPSHOT: Final[Mapping[str, Any]] = {"stage": pl.String, "standing": pl.Int64, "oldest": _WAIT}
_ACTIVE: Final[Mapping[str, Any]] = {
    "day": pl.Date, "daily": pl.Int64, "weekly": pl.Int64, "monthly": pl.Int64, "stickiness": pl.Float64,
    "mature": pl.Boolean,
}  # fmt: skip


def duration(within: str) -> str:
    """Check a length of time, such as `30d`, and give it."""
    try:
        return _WINDOW.validate_python(within)
    except ValidationError:
        msg = f"{within!r} is no length of time: say how long, such as 30d, 2w or 3mo"
        raise ConfigError(msg) from None


def _calendar(moments: pl.DataFrame, period: Period, until: datetime) -> pl.DataFrame:
    """Every period from the first moment to now: period."""
    if moments.is_empty():
        return pl.DataFrame(schema={"period": _TIME})
    first = moments.select(pl.col("reached_at").min().dt.truncate(period)).item()
    return pl.select(period=pl.datetime_range(first, until, period, time_unit="us"))


def _over(period: Period, within: str, until: datetime) -> pl.Expr:
    """Whether a period is over, and all who entered in it have had their time."""
    end = pl.col("period").dt.offset_by(period)
    return (end if within == "0d" else end.dt.offset_by(duration(within))) <= until


def _share(part: pl.Expr, of: pl.Expr) -> pl.Expr:
    return pl.when(of > 0).then(part / of)


def _covering(days: pl.DataFrame, length: int, name: str) -> pl.DataFrame:
    """By how many more or fewer are active on a day, if each day lasts so long, or until the next of the same one."""
    end = pl.min_horizontal(pl.col("day").dt.offset_by(f"{length}d"), "next")
    steps = [days.select("day", step=pl.lit(1)), days.select(end.alias("day"), step=pl.lit(-1))]
    return pl.concat(steps).group_by("day").agg(pl.col("step").sum().alias(name))


def _journey(stages: Mapping[str, pl.DataFrame], until: datetime) -> pl.DataFrame:
    """Those who entered: entity_id, and by name when they came to each stage and all before it."""
    (first, begun), *others = stages.items()
    journey = known(begun, until).rename({"reached_at": first})
    before = first
    for name, moments in others:
        later = known(moments, until).rename({"reached_at": name})
        there = pl.col(before).is_not_null() & pl.col(name).is_not_null()
        time = pl.when(there).then(pl.max_horizontal(before, name))
        journey = journey.join(later, on="entity_id", how="left", maintain_order="left").with_columns(time.alias(name))
        before = name
    return journey


def _steps(journey: pl.DataFrame, names: list[str], period: Period, within: str) -> pl.DataFrame:
    """Each step of each journey: period, place, stage, entered_at (the stage before), reached_at, null if too late."""
    start = pl.col(names[0])
    parts = [
        journey.select(
            start.dt.truncate(period).alias("period"),
            pl.lit(place).alias("place"),
            pl.lit(name).alias("stage"),
            pl.col(names[max(place - 1, 0)]).alias("entered_at"),
            pl.when(pl.col(name) < start.dt.offset_by(duration(within))).then(name).alias("reached_at"),
        )
        for place, name in enumerate(names)
    ]
    return pl.concat(parts)


def _median_waits(steps: pl.DataFrame, until: datetime) -> pl.DataFrame:
    """How long each stage takes from the one before: period, place, median_wait."""
    asked = steps.filter(pl.col("place") > 0, pl.col("entered_at").is_not_null())
    rows = [(*key, quantiles(group, until)[1]) for key, group in asked.group_by("period", "place")]
    return pl.DataFrame(rows, schema={"period": _TIME, "place": pl.Int32, "median_wait": _WAIT}, orient="row")
