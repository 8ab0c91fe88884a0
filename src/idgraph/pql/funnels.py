"""Journeys through several moments: cohorts that entered together, and snapshots that mix them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import polars as pl

from idgraph.normalise.instants import instant
from idgraph.pql.periods import TIME, WAIT, Now, Period, duration, is_over, period_of, ratio
from idgraph.pql.waiting import known, quantiles

__all__ = ["funnel", "snapshot", "snapshot_growth"]

_SNAPSHOT: Final[Mapping[str, Any]] = {"stage": pl.String, "standing": pl.Int64, "oldest": WAIT}


def funnel(stages: Mapping[str, pl.DataFrame], period: Period, within: str, now: Now) -> pl.DataFrame:
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
        ratio(reached, pl.col("reached").first().over("period")).alias("share"),
        ratio(reached, before).alias("of_previous"),
        (reached - further).alias("stuck"),
    )
    waits = _median_waits(steps, until)
    joined = counted.join(waits, on=["period", "place"], how="left", maintain_order="left").drop("place")
    return joined.with_columns(mature=is_over(period, within, until))


def snapshot(stages: Mapping[str, pl.DataFrame], at: Now) -> pl.DataFrame:
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


def snapshot_growth(stages: Mapping[str, pl.DataFrame], earlier: Now, later: Now) -> pl.DataFrame:
    """Compare two snapshots: how many more, or fewer, stand in each stage at the later time.

    That a stage grew may mean that more come or that fewer get on; `funnel` tells which.

    Args:
        stages: moments by name, in order, as for `funnel`.
        earlier: the time of one snapshot.
        later: the time of the other.

    Returns:
        stage (String), earlier, later (Int64: who stands there at either time), change (Int64), growth (Float64: by
        what factor; null where nobody stood there before).

    >>> day = pl.datetime(2026, 1, pl.Series([1, 5]), time_zone="UTC", time_unit="us")
    >>> signed_up = pl.select(entity_id=pl.Series(["a", "b"]), reached_at=day)
    >>> snapshot_growth({"signed_up": signed_up}, "2026-01-02", "2026-01-06").rows()
    [('signed_up', 1, 2, 1, 2.0)]
    """
    then, now = snapshot(stages, earlier), snapshot(stages, later)
    both_times = then.select("stage", earlier="standing").with_columns(later=now["standing"])
    return both_times.with_columns(
        change=pl.col("later") - pl.col("earlier"), growth=ratio(pl.col("later"), pl.col("earlier"))
    )


def _journey(stages: Mapping[str, pl.DataFrame], until: datetime) -> pl.DataFrame:
    """Those who entered: entity_id, and by name when they came to each stage and all before it."""
    (first, begun), *others = stages.items()
    journey = known(begun, until).rename({"reached_at": first})
    before = first
    for name, reached in others:
        later = known(reached, until).rename({"reached_at": name})
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
            period_of(start, period).alias("period"),
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
    return pl.DataFrame(rows, schema={"period": TIME, "place": pl.Int32, "median_wait": WAIT}, orient="row")
