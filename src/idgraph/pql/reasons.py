"""Why now: comparisons with peers and with the past, limits that fill, warnings; first as data, then as words.

A comparison is told only where it is half as much again or half as much, and differs by more than chance: two standard
deviations of counts that come independently (Poisson). None of it is fitted, and none of it is a score.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import polars as pl

from idgraph.pql.activity import Activity, Level, id_of
from idgraph.pql.habits import slipping
from idgraph.pql.measure import value_now
from idgraph.pql.quantity import Count, Measure, Node, ShareOf, TimeTo, filtered, walk
from idgraph.pql.scope import Scope, matching, micros, scope_of
from idgraph.pql.score import Points
from idgraph.pql.spoken import duration, limit_name, phrase
from idgraph.pql.tree import All, AnyOf, AtLeast, Condition, InAny, Moment, Named, Unless

__all__ = ["REASONS", "reasons"]

REASONS: Final[Mapping[str, Any]] = {
    "entity_id": pl.String,
    "sign": pl.String,
    "kind": pl.String,
    "text": pl.String,
    "strength": pl.Float64,
    "event": pl.String,
    "value": pl.Float64,
    "against": pl.Float64,
    "evidence": pl.List(pl.String),
}
_LATELY: Final = "28d"
_MONTH, _PAST = "30d", 3  # the last month against the first of three
_FEWEST: Final = 5  # fewer than this are no peers
_MORE, _LESS = 1.5, 0.5
_BEYOND: Final = 2.0  # standard deviations
_MOST: Final = 10.0  # what the strength of having stopped altogether is
_FULL, _SOON = 0.8, "30d"  # from where on a limit is told of
_DAY: Final = 86_400_000_000  # microseconds


def reasons(activity: Activity, level: Level, usage: Points, definitions: Sequence[Node] = ()) -> pl.DataFrame:
    """Say of everyone what speaks for them, and what against.

    Args:
        activity: what happened.
        level: who is told of.
        usage: the events that are compared.
        definitions: whose limits and vetoes are told of.

    Returns:
        entity_id; sign (`+`, `-`); kind: `peers` (of like size: as many active people, within a factor of two), `past`
        (90 days), `limit`, `warning` (what a veto counts), `slipping` or `quiet` (not used for 28 days); text; strength
        (the strongest first); event; value and against (what is compared); evidence (ids of the events, in order of
        time).

    >>> days = [f"2026-03-{day:02}" for day in range(2, 30)]
    >>> rows = [(day, "login", firm) for day in days for firm in "abcdef" for _ in range(3 if firm == "a" else 1)]
    >>> table = pl.DataFrame(rows, schema=["at", "event", "firm"], orient="row")
    >>> found = reasons(Activity.from_frame(table, account="firm"), "account", Points.of_words(points={"login": 1}))
    >>> found.select("entity_id", "sign", "text").rows()
    [('a', '+', 'login 3.0× as often as at similar accounts (21 vs 7 a week)')]
    """
    less = _less(activity, level, usage)
    parts = [
        _against_peers(activity, level, usage),
        _against_past(activity, level, usage),
        *_limits(activity, level, definitions),
        *_warnings(activity, level, definitions),
        less,
        _quiet(activity, level, usage).join(less, on="entity_id", how="anti"),
    ]
    every = pl.concat([part.select(pl.col(name).cast(dtype) for name, dtype in REASONS.items()) for part in parts])
    return every.sort("entity_id", "sign", "strength", "text", descending=[False, False, True, False])


def _phrases(names: Iterable[str]) -> pl.Expr:
    said = {name: phrase(name) for name in names}
    return pl.col("event").replace_strict(said, return_dtype=pl.String)


def _short(value: pl.Expr) -> pl.Expr:
    """A number as people say it: whole from 10 on, else to one decimal."""
    whole = value.round().cast(pl.Int64, strict=False).cast(pl.String)
    few = (value < 10) & ((value - value.round()).abs() >= 0.05)
    return pl.when(few).then(value.round(1).cast(pl.String)).otherwise(whole)


def _ago(activity: Activity, window: str) -> pl.Expr:
    return pl.lit(activity.now, pl.Datetime("us", "UTC")) - pl.duration(microseconds=micros(window))


def _beyond_chance(value: pl.Expr, against: pl.Expr, variance: pl.Expr) -> pl.Expr:
    ratio = value / against
    far = (value - against).abs() > _BEYOND * variance.clip(1).sqrt()
    return far & ((ratio >= _MORE) | (ratio <= _LESS))


def _signed(ratio: pl.Expr) -> dict[str, pl.Expr]:
    return {"sign": pl.when(ratio > 1).then(pl.lit("+")).otherwise(pl.lit("-")), "strength": ratio.log(2).abs()}


def _against_peers(activity: Activity, level: Level, usage: Points) -> pl.DataFrame:
    key = id_of(level)
    lately = usage.earned(activity).drop_nulls(key).filter(pl.col("at") > _ago(activity, _LATELY))
    people = pl.col("person_id").n_unique().log(2).floor() if level != "person" else pl.lit(0.0)
    size = lately.group_by(key).agg(size=people.first())
    counts = lately.group_by(key, "event").agg(value=pl.col("count").sum()).join(size, on=key)
    like, everyone = ["event", "size"], ["event"]
    middle = pl.coalesce(
        pl.when(pl.len().over(by) >= _FEWEST + 1).then(pl.col("value").median().over(by)) for by in (like, everyone)
    )
    compared = counts.with_columns(against=middle).filter(
        _beyond_chance(pl.col("value"), pl.col("against"), pl.col("against"))
    )
    ratio, weeks = pl.col("value") / pl.col("against"), micros(_LATELY) / (7 * _DAY)
    told = compared.with_columns(**_signed(ratio), since=_ago(activity, _LATELY)).collect()
    others = "other people" if level == "person" else f"at similar {level}s"
    text = pl.format(
        "{} {}× as often as {} ({} vs {} a week)",
        _phrases(told["event"].unique()),
        ratio.round(1),
        pl.lit(others),
        *(_short(pl.col(name) / weeks) for name in ("value", "against")),
    )
    return _evidenced(activity, key, told).with_columns(kind=pl.lit("peers"), text=text)


def _against_past(activity: Activity, level: Level, usage: Points) -> pl.DataFrame:
    """The last thirty days against those that began ninety days ago, of who was there by then."""
    key, month = id_of(level), micros(_MONTH)
    did = usage.earned(activity).drop_nulls(key)
    back = (pl.lit(activity.now) - pl.col("at")).dt.total_microseconds() // month
    number = pl.col("count")
    counts = did.with_columns(back=back, born=pl.col("at").min().over(key)).filter(
        pl.col("born") <= pl.lit(activity.now) - pl.duration(microseconds=_PAST * month)
    )
    counts = counts.group_by(key, "event").agg(
        value=number.filter(pl.col("back") == 0).sum(), against=number.filter(pl.col("back") == _PAST - 1).sum()
    )
    value, against = pl.col("value"), pl.col("against")
    compared = counts.filter(_beyond_chance(value, against.clip(1), value + against))
    ratio = value / against.clip(1)
    since = pl.lit(activity.now, pl.Datetime("us", "UTC")) - pl.duration(microseconds=_PAST * month)
    told = compared.with_columns(**_signed(ratio), since=since).collect()
    stopped = pl.when(value == 0).then(pl.lit("stopped")).when(against == 0).then(pl.lit("started"))
    how = stopped.otherwise(pl.format("×{}", ratio.round(1)))
    what = _phrases(told["event"].unique())
    text = pl.format("{} {} over the last 90 days ({} → {})", what, how, against, value)
    most = pl.col("strength").clip(upper_bound=_MOST)
    return _evidenced(activity, key, told).with_columns(most, kind=pl.lit("past"), text=text)


def _evidenced(activity: Activity, key: str, told: pl.DataFrame) -> pl.DataFrame:
    """Add the ids of the events of each reason, from its `since` on."""
    asked = told.lazy().select(key, "event", "since")
    events = activity.read(["event_id", key, "event", "at"]).join(asked, on=[key, "event"])
    ids = events.filter(pl.col("at") > pl.col("since")).sort("at", "event_id").select(key, "event", "event_id")
    listed = ids.group_by(key, "event", maintain_order=True).agg(evidence="event_id")
    return told.join(listed.collect(), on=[key, "event"], how="left").rename({key: "entity_id"})


def _limits(activity: Activity, level: Level, definitions: Sequence[Node]) -> Iterator[pl.DataFrame]:
    """What fills: each limit that a definition names, once."""
    nodes = [node for definition in definitions for node in walk(definition)]
    named = {f"{node.measure} / {node.limit}": node for node in nodes if isinstance(node, ShareOf | TimeTo)}
    rates = {f"{node.measure} / {node.limit}": node for node in nodes if isinstance(node, TimeTo)}
    for name, node in named.items():
        share = ShareOf.of_words(share_of=node.measure, limit=node.limit)
        time = rates.get(name) or TimeTo.of_words(time_to=node.measure, limit=node.limit)
        yield _limit(scope_of(activity, level, [share], also=("event_id",)), share, time)


def _limit(scope: Scope, share: ShareOf, time: TimeTo) -> pl.DataFrame:
    keys = list(scope.keys)
    used = value_now(share, scope).rename({"value": "used"})
    both = used.join(value_now(time, scope).rename({"value": "wait"}), on=keys, how="left")
    soon = pl.col("wait").is_between(1, micros(_SOON)).fill_null(value=False)
    told = both.filter((pl.col("used") >= _FULL) | (soon & (pl.col("used") >= _LESS)))
    what = pl.lit(limit_name(share))
    percent = (pl.col("used") * 100).round().cast(pl.Int64)
    ahead = pl.when(pl.col("wait") > 0).then(pl.col("wait"))  # else it was to be full by now, and is not
    days = (ahead / _DAY).round().cast(pl.Int64)
    filling = pl.format("{} full in {} days at the current rate ({} % used)", what, days, percent)
    text = (
        pl.when(pl.col("used") >= 1)
        .then(pl.format("{} full ({} % used)", what, percent))
        .otherwise(pl.coalesce(filling, pl.format("{}: {} % used", what, percent)))
    )
    ids = _ids(scope, share.measure)
    return _told(told.join(ids, on=keys, how="left"), scope).with_columns(
        sign=pl.lit("+"), kind=pl.lit("limit"), text=text, strength=pl.col("used") + 1, value="used", against=1.0
    )


def _warnings(activity: Activity, level: Level, definitions: Sequence[Node]) -> Iterator[pl.DataFrame]:
    """What vetoes count, once it is half of what would be too much: each once."""
    nodes = [node for definition in definitions for node in walk(definition)]
    vetoes = [node.veto for node in nodes if isinstance(node, Unless)]
    counted = {f"{condition} {window}": (condition, window) for veto in vetoes for condition, window in _counts(veto)}
    for condition, window in counted.values():
        yield _warning(scope_of(activity, level, [condition], also=("event_id",)), condition, window)


def _counts(moment: Moment, window: str | None = None) -> Iterator[tuple[Condition, str | None]]:
    """The counts that a veto compares, with the window that rolls around them."""
    if isinstance(moment, Condition) and isinstance(moment.measure, Count) and isinstance(moment.than, float):
        yield moment, window
    elif isinstance(moment, InAny):
        yield from _counts(moment.what, moment.window)
    elif isinstance(moment, Named):
        yield from _counts(moment.what, window)
    elif isinstance(moment, All | AnyOf | AtLeast):
        for part in moment.of:
            yield from _counts(part, window)


def _warning(scope: Scope, condition: Condition, window: str | None) -> pl.DataFrame:
    measure = condition.measure
    if window is not None:
        begin = pl.lit(scope.now, pl.Datetime("us", "UTC")).dt.offset_by(f"-{window}")
        scope = replace(scope, events=scope.events.filter(pl.col("at") > begin))
    bar = condition.than if isinstance(condition.than, float) else 1.0
    told = value_now(measure, scope).filter(pl.col("value") >= max(bar * _LESS, 1))
    events = " or ".join(map(phrase, getattr(measure, "events", ()))) or "events"
    what = f"{events}{filtered(getattr(measure, 'where', {}))}{f' in {duration(window)}' if window else ''}"
    ids = _ids(scope, measure)
    return _told(told.join(ids, on=list(scope.keys), how="left"), scope).with_columns(
        sign=pl.lit("-"),
        kind=pl.lit("warning"),
        text=pl.format("{} {}", pl.col("value").cast(pl.Int64), pl.lit(what)),
        strength=pl.col("value") / bar + 1,
        against=pl.lit(bar),
    )


def _ids(scope: Scope, measure: Measure) -> pl.LazyFrame:
    """The ids of the events that a measure counts."""
    found = matching(scope, getattr(measure, "events", ()), getattr(measure, "where", {}), "event_id")
    ordered = found.sort("at", "event_id")
    return ordered.group_by(scope.keys, maintain_order=True).agg(evidence="event_id")


def _told(found: pl.LazyFrame, scope: Scope) -> pl.DataFrame:
    return found.rename({scope.keys[0]: "entity_id"}).with_columns(event=pl.lit(None, pl.String)).collect()


def _less(activity: Activity, level: Level, usage: Points) -> pl.DataFrame:
    """Those who come on fewer days than they used to."""
    less = slipping(activity, level, *usage.weights, window=_LATELY)
    key = id_of(level)
    events = usage.earned(activity).filter(pl.col("at") > _ago(activity, f"{2 * int(_LATELY[:-1])}d"))
    ids = events.sort("at", "event_id").group_by(entity_id=key, maintain_order=True).agg(evidence="event_id")
    fallen = less.join(ids.collect(), on="entity_id", how="left")
    return fallen.with_columns(
        sign=pl.lit("-"),
        kind=pl.lit("slipping"),
        text=pl.format("active days: {} in the last 28, {} in the 28 before", "now", "before"),
        strength=((pl.col("before") + 1) / (pl.col("now") + 1)).log(2),
        event=pl.lit(None, pl.String),
        value="now",
        against="before",
    )


def _quiet(activity: Activity, level: Level, usage: Points) -> pl.DataFrame:
    """Those who used it once, and of late did not."""
    used = usage.earned(activity).drop_nulls(id_of(level)).group_by(entity_id=id_of(level))
    last = used.agg(pl.col("at").max(), evidence=pl.concat_list(pl.col("event_id").sort_by("at", "event_id").last()))
    gone = last.filter(pl.col("at") <= _ago(activity, _LATELY)).collect()
    days = (pl.lit(activity.now) - pl.col("at")).dt.total_days()
    usual = micros(_LATELY) // _DAY
    who = "has not" if level == "person" else "nobody has"
    return gone.with_columns(
        sign=pl.lit("-"),
        kind=pl.lit("quiet"),
        text=pl.format("{} used it since {}", pl.lit(who), pl.col("at").dt.strftime("%-d %B %Y")),
        strength=(days / usual).log(2).clip(upper_bound=_MOST),
        event=pl.lit(None, pl.String),
        value=days,
        against=pl.lit(usual),
    )
