"""Whether a definition finds those who go on to buy: judged in hindsight with what was known at the time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import polars as pl

from idgraph.errors import ConfigError
from idgraph.pql.activity import Activity, id_of
from idgraph.pql.definition import Definition
from idgraph.pql.metrics import moments
from idgraph.pql.periods import Period, duration, period_of, wilson
from idgraph.pql.tree import All, AnyOf, AtLeast, By, InAny, InEach, Moment, Named, Unless, Within
from idgraph.pql.words import count

__all__ = ["backtest", "diagnose"]

_TIME: Final = pl.Datetime("us", "UTC")
_COUNTS: Final[Mapping[str, Any]] = {
    "date": _TIME, "identity": pl.String, "asked": pl.Int64, "wins": pl.Int64, "qualified": pl.Int64, "hits": pl.Int64,
    "called": pl.Int64, "called_hits": pl.Int64, "lead_time": pl.Duration("us"), "mature": pl.Boolean,
}  # fmt: skip
_ALL: Final = "all conditions"
_PARTS: Final[Mapping[str, Any]] = {"without": pl.String, "qualified": pl.Int64, "hits": pl.Int64, "same": pl.Boolean}


def backtest(
    definition: Definition, outcome: Moment, activity: Activity, *, every: Period, horizon: str, capacity: int
) -> pl.DataFrame:
    """Ask at dates of the past who was qualified, and look up who then came to an outcome.

    At each date those are asked who had done something by then, or were among whom the definition asks, and had not
    come to the outcome. Whom the outcome belongs to is read from today's identities; who qualified is read twice:
    with identities as known then, and with today's, which may know more of buyers than of others because they
    bought. The difference is what that leak pretends. What were several then and are one today are asked once, and
    qualified when the first of them did. Each date stands by itself: one entity may be asked at many. Where `every` is
    as long as the horizon, no outcome counts at two dates, and counts may be added up.

    Args:
        definition: what is judged.
        outcome: what qualified entities should come to, at the definition's level, such as `first("paid")`.
        activity: what happened.
        every: at which periods' beginnings to ask.
        horizon: how long the outcome may take, such as `90d`.
        capacity: how many qualified entities sales can call at a date; the latest to qualify come first.

    Returns:
        date (Datetime), identity (String: `then` or `today`; without a graph there is only `then`), asked, wins (Int64:
        of those asked, within the horizon), qualified, hits (Int64: of those asked; of these, wins), called,
        called_hits (Int64: likewise of the first `capacity`), lead_time (Duration: median of hits, from qualifying to
        the outcome), mature (Boolean: the horizon is over), precision, recall, precision_called, lift (Float64:
        precision by the share of wins in those asked), lift_low and lift_high (Float64: from Wilson's interval of
        the precision). What would divide by nothing is null.

    Raises:
        ConfigError: there is no such period, length of time or capacity.
    """
    if capacity < 1:
        msg = f"capacity={capacity!r} calls nobody; say how many sales can call at a date, 1 or more"
        raise ConfigError(msg)
    window, rows = duration(horizon), []
    won = _won(definition, outcome, activity)
    for date in _dates(activity, every):
        known = {"then": activity.as_of(date), "today": replace(activity, now=date)}
        for identity, then in known.items() if activity.known else [("then", known["then"])]:
            asked = _asked(definition, then, activity, won, window)
            end = asked.select(pl.lit(date, _TIME).dt.offset_by(window) <= activity.now).item()
            rows.append({"date": date, "identity": identity, **_counted(asked, capacity), "mature": end})
    return _judged(pl.DataFrame(rows, schema=dict(_COUNTS)))


def diagnose(definition: Definition, outcome: Moment, activity: Activity, horizon: str) -> pl.DataFrame:
    """Leave out one condition after the other, and say what each adds.

    Every entity is looked at once, when it first qualified, with today's identities: for how well a definition
    foretells, see `backtest`. Those who had come to the outcome before, or have not had the horizon, are not counted.

    Args:
        definition: what is judged.
        outcome: what qualified entities should come to, at the definition's level.
        activity: what happened.
        horizon: how long the outcome may take from qualifying.

    Returns:
        without (String: the condition left out; null in the first row, which is the whole; `all conditions` in the
        last: those among whom it asks, or who did anything), qualified, hits (Int64: who qualify, and of these who come
        to the outcome), precision (Float64), low and high (Float64: Wilson's interval), reach (Float64: by what factor
        more qualify than by the whole), finding (String or null). Of the whole: `too broad` (the precision of the last
        row is not below its interval: it tells no more than being there), `too narrow` or `too complex` (a condition is
        too narrow, or adds nothing). Of a condition: `adds nothing` (the same qualify without it), `too narrow` (it
        keeps some out who are no worse: without it the precision is not below the whole's interval), `too broad` (an
        alternative that lets in those who are worse: without it the precision is above the whole's interval), or null:
        it earns its place.
    """
    won = _won(definition, outcome, activity)
    whole = _followed(definition.reached(activity), activity, won, horizon)
    rows = [{"without": None, **_summed(whole), "same": None}]
    for left_out, rest in _without(definition.when):
        found = _followed(definition.model_copy(update={"when": rest}).reached(activity), activity, won, horizon)
        same = set(found["entity_id"]) == set(whole["entity_id"])
        rows.append({"without": left_out, **_summed(found), "same": same})
    everyone = _followed(_population(definition, activity), activity, won, horizon)
    rows.append({"without": _ALL, **_summed(everyone), "same": None})
    counted = pl.DataFrame(rows, schema=dict(_PARTS))
    low, high = wilson(counted["hits"], counted["qualified"])
    told = counted.with_columns(
        low, high, precision=_share("hits", "qualified"), reach=pl.col("qualified") / pl.col("qualified").first()
    )
    columns = ["without", "qualified", "hits", "precision", "low", "high", "reach"]
    return told.with_columns(finding=_finding()).select(*columns, "finding")


def _won(definition: Definition, outcome: Moment, activity: Activity) -> pl.DataFrame:
    """When each came to the outcome: entity_id, won_at."""
    return moments(activity, definition.level, won=outcome)["won"].rename({"reached_at": "won_at"})


def _dates(activity: Activity, every: Period) -> list[datetime]:
    """The beginnings of periods after the first event, up to now."""
    first = activity.events.select(period_of(pl.col("at").min(), every).dt.offset_by(every)).collect().item()
    return pl.datetime_range(first, activity.now, every, time_unit="us", eager=True).to_list()


def _asked(definition: Definition, then: Activity, today: Activity, won: pl.DataFrame, window: str) -> pl.DataFrame:
    """Those asked at a date: entity_id, reached_at (null: not qualified), won_at (null: not within the window)."""
    key = id_of(definition.level)
    people = _population(definition, then).select("entity_id")
    people = people.join(definition.reached(then), on="entity_id", how="left")
    same = people.select("entity_id", today="entity_id") if today.known is None else _today(then, today, key)
    people = people.join(same, on="entity_id", how="left")
    named = people.group_by(entity_id=pl.coalesce("today", "entity_id")).agg(pl.col("reached_at").min())
    date = pl.lit(then.now, _TIME)
    soon = pl.when(pl.col("won_at") <= date.dt.offset_by(window)).then("won_at")
    known = named.join(won, on="entity_id", how="left")
    return known.filter(pl.col("won_at").is_null() | (pl.col("won_at") > date)).with_columns(won_at=soon)


def _population(definition: Definition, activity: Activity) -> pl.DataFrame:
    """Who is asked, since when: those among whom the definition asks, or who did anything: entity_id, reached_at."""
    return moments(activity, definition.level, among=definition.among or count() >= 1)["among"]


def _today(then: Activity, today: Activity, key: str) -> pl.DataFrame:
    """What an entity of then is today: what most of its events count for (ties by id): entity_id, today.

    Whom an event counts for depends on the records that it names alone, so these are compared, not each event.
    """
    named = ["record_id", "company_record_id"]
    now = today.read([*named, key]).drop_nulls(key).unique().rename({key: "today"})
    was = then.read([*named, key]).drop_nulls(key).group_by(*named, entity_id=key).len()
    counted = was.join(now, on=named, nulls_equal=True).group_by("entity_id", "today").agg(pl.col("len").sum())
    ordered = counted.sort("len", "today", descending=[True, False])
    return ordered.unique("entity_id", keep="first", maintain_order=True).select("entity_id", "today").collect()


def _counted(asked: pl.DataFrame, capacity: int) -> dict[str, Any]:
    qualified = asked.drop_nulls("reached_at").sort("reached_at", "entity_id", descending=[True, False])
    called = qualified.head(capacity)
    return {
        "asked": asked.height,
        "wins": asked["won_at"].count(),
        "qualified": qualified.height,
        "hits": qualified["won_at"].count(),
        "called": called.height,
        "called_hits": called["won_at"].count(),
        "lead_time": (qualified["won_at"] - qualified["reached_at"]).median(),
    }


def _judged(counted: pl.DataFrame) -> pl.DataFrame:
    base = _share("wins", "asked")
    low, high = wilson(counted["hits"], counted["qualified"])
    shares = {"precision": _share("hits", "qualified"), "recall": _share("hits", "wins")}
    told = counted.with_columns(**shares, precision_called=_share("called_hits", "called"))
    some = pl.when(base > 0)
    lifts = {"lift": pl.col("precision"), "lift_low": pl.lit(low), "lift_high": pl.lit(high)}
    return told.with_columns(some.then(value / base).alias(name) for name, value in lifts.items())


def _share(part: str, of: str) -> pl.Expr:
    return pl.when(pl.col(of) > 0).then(pl.col(part) / pl.col(of))


def _without(moment: Moment) -> Iterator[tuple[str, Moment]]:
    """Give a moment without each of its conditions, in turn, and say which was left out."""
    match moment:
        case All() | AnyOf() | AtLeast():
            for place, part in enumerate(moment.of):
                others = (*moment.of[:place], *moment.of[place + 1 :])
                if others:
                    yield str(part), _of(moment, others)
                yield from ((said, _with(moment, place, rest)) for said, rest in _without(part))
        case Unless():
            yield f"unless {moment.veto}", moment.what
            yield from _inside(moment)
        case Within():
            yield str(moment).removeprefix(str(moment.what)).strip("() "), moment.what
            yield from _inside(moment)
        case Named() | By() | InAny() | InEach():
            yield from _inside(moment)


def _inside(moment: Unless | Within | Named | By | InAny | InEach) -> Iterator[tuple[str, Moment]]:
    return ((said, moment.model_copy(update={"what": rest})) for said, rest in _without(moment.what))


def _with(moment: All | AnyOf | AtLeast, place: int, part: Moment) -> Moment:
    return moment.model_copy(update={"of": (*moment.of[:place], part, *moment.of[place + 1 :])})


def _of(moment: All | AnyOf | AtLeast, parts: tuple[Moment, ...]) -> Moment:
    fewer = {"k": min(moment.k, len(parts))} if isinstance(moment, AtLeast) else {}
    return parts[0] if len(parts) == 1 else moment.model_copy(update={"of": parts, **fewer})


def _followed(reached: pl.DataFrame, activity: Activity, won: pl.DataFrame, horizon: str) -> pl.DataFrame:
    """Those who have had the horizon, and had not come to the outcome before: entity_id, hit."""
    both = reached.join(won, on="entity_id", how="left")
    end = pl.col("reached_at").dt.offset_by(duration(horizon))
    early = (pl.col("won_at") <= pl.col("reached_at")).fill_null(value=False)
    hit = (pl.col("won_at") <= end).fill_null(value=False)
    return both.filter(~early, end <= activity.now).select("entity_id", hit=hit)


def _summed(found: pl.DataFrame) -> dict[str, Any]:
    return {"qualified": found.height, "hits": int(found["hit"].sum())}


def _finding() -> pl.Expr:
    """What the numbers of the whole (the first row), of each condition, and of everyone (the last row) say."""
    place, precision, reach = pl.int_range(pl.len()), pl.col("precision"), pl.col("reach")
    part = (place > 0) & (place < pl.len() - 1)
    no_worse = part & (reach > 1) & (precision >= pl.col("low").first())
    better = part & (reach < 1) & (precision > pl.col("high").first())
    by_part = pl.when("same").then(pl.lit("adds nothing")).when(no_worse).then(pl.lit("too narrow"))
    of_part = by_part.when(better).then(pl.lit("too broad"))
    by_whole = pl.when(precision.last() >= pl.col("low")).then(pl.lit("too broad"))
    of_whole = (
        by_whole.when(no_worse.any()).then(pl.lit("too narrow")).when(pl.col("same").any()).then(pl.lit("too complex"))
    )
    return pl.when(place == 0).then(of_whole).otherwise(of_part)
