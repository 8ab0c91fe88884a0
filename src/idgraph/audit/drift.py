"""Drift: which rates of a graph are not what they were in an earlier one, beyond chance and by enough to matter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.audit import overview
from idgraph.schema import COUNT, FRAMES, TEXT

if TYPE_CHECKING:
    from idgraph.engines import Engine

__all__ = ["drift", "rates"]

Frames = Mapping[str, nw.LazyFrame]
_CHANCE: Final = 0.01  # that anything at all is noted though nothing has changed
# Of Cohen's h, the difference of two shares on a scale where all are told apart equally well; he calls 0.2 small
# (Statistical Power Analysis for the Behavioral Sciences, 1988, chapter 6).
_LEAST: Final = 0.1
_BY: Final = ("rate", "source", "name")
_NUMBER: Final = nw.len().cast(COUNT)
_SCHEMA: Final = pl.Schema({**dict.fromkeys(_BY, pl.String()), "part": pl.Int64(), "of": pl.Int64()})
_Rate = tuple[str, str, str | None, int, int]  # rate, source, name, part, of


def rates(frames: Frames, engine: Engine) -> pl.DataFrame:
    """Count of each source how many of its records have what.

    Args:
        frames: all frames of a graph.
        engine: what runs it.

    Returns:
        rate, source, name, part (how many), of (of how many). Records known only by reference are left out. Rates are
        `records`: of all records those of the source; `null`: without the attribute `name`; `holds`: with a value of
        the identifier type `name`; `used`: of these, with one that links; `linked`: in a link by the rule `name`;
        `joined`: whose profile or account has another record; `in an account`: of people's records.
    """
    real = frames["records"].filter(~nw.col("stub")).with_columns(nw.col("source").cast(TEXT))
    of_source = engine.checkpoint(real.select("record_id", "source"))
    attributes = [name for name in real.collect_schema().names() if name not in FRAMES["records"].columns]
    nulls = [nw.col(name).is_null().cast(COUNT).sum() for name in attributes]
    counted = engine.collect(real.group_by("source").agg(nw.col("record_id").count().cast(COUNT), *nulls))
    sizes = dict(counted.select("source", "record_id").iter_rows())
    rows = [
        *(("records", source, None, size, sum(sizes.values())) for source, size in sizes.items()),
        *_nulls(counted),
        *_held(frames, of_source, sizes, engine),
        *_linked(frames, of_source, sizes, engine),
        *_joined(frames, of_source, sizes, engine),
        *_in_accounts(frames, engine),
    ]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row").sort(_BY)


def drift(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Set the rates of two graphs side by side, and note which are worth looking at.

    Noted is what differs beyond chance and by enough. Beyond chance: by a z-test of two proportions, two-sided, with
    Bonferroni's correction for the number of rates, so that of a hundred comparisons in which nothing has changed about
    one notes anything. By enough: by 0.1 or more of Cohen's h, which is 5 of 100 about the middle and 1 of 100 near the
    ends. The test takes the two runs for separate draws; where most records are in both, it is too careful. And it
    takes records for separate, which those of one person are not: there it is not careful enough.

    Args:
        before: see `rates`.
        after: likewise.

    Returns:
        rate, source, name; before, after (shares; null where there is nothing to have a share of), difference;
        records_before, records_after (of how many); z (standard errors between them); note: `fell`, `rose`, of a source
        `new` or `gone`, or null. What is noted comes first, and the most different before others.
    """
    keys = pl.concat([before.select(_BY), after.select(_BY)]).unique()
    old, new = (
        _shares(keys, found).select(*_BY, pl.col("share", "of").name.suffix(when))
        for found, when in ((before, "_before"), (after, "_after"))
    )
    rows = old.join(new, on=_BY, nulls_equal=True).with_columns(z=_z(), h=_h())
    limit = NormalDist().inv_cdf(1 - _CHANCE / 2 / max(rows.height, 1))
    told = rows.with_columns(note=_note(limit)).sort(
        pl.col("note").is_null(), pl.col("h"), *_BY, descending=[False, True, *[False] * len(_BY)], nulls_last=True
    )
    return told.select(
        *_BY,
        before="share_before",
        after="share_after",
        difference=pl.col("share_after") - pl.col("share_before"),
        records_before="of_before",
        records_after="of_after",
        z="z",
        note="note",
    )


def _shares(keys: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """The share of each rate; of what a source has not, none of its records have it."""
    own = found.filter(rate="records").select("source", size="part")
    rows = keys.join(found, on=_BY, how="left", nulls_equal=True).join(own, on="source", how="left")
    rate = pl.col("rate")
    none = pl.when(rate == "records").then(int(own["size"].sum())).when(rate != "used").then("size")
    part = pl.when(rate == "null").then("size").otherwise(0)  # a column that is not there is null throughout
    of = pl.coalesce("of", none)
    return rows.with_columns(of=of, share=pl.when(of > 0).then(pl.coalesce("part", part) / of))


def _z() -> pl.Expr:
    """How many standard errors lie between two shares."""
    old, new, n_old, n_new = (pl.col(name) for name in ("share_before", "share_after", "of_before", "of_after"))
    pooled = (old * n_old + new * n_new) / (n_old + n_new)
    error = (pooled * (1 - pooled) * (1 / n_old + 1 / n_new)).sqrt()
    return pl.when(old == new).then(0.0).otherwise((new - old) / error)


def _h() -> pl.Expr:
    """Cohen's h, without its sign."""
    angles = [2 * pl.col(name).sqrt().arcsin() for name in ("share_before", "share_after")]
    return (angles[1] - angles[0]).abs()


def _note(limit: float) -> pl.Expr:
    old, new, of_source = pl.col("share_before"), pl.col("share_after"), pl.col("rate") == "records"
    worth = (pl.col("z").abs() >= limit) & (pl.col("h") >= _LEAST)
    return (
        pl.when(of_source & (old == 0))
        .then(pl.lit("new"))
        .when(of_source & (new == 0))
        .then(pl.lit("gone"))
        .when(worth & (new < old))
        .then(pl.lit("fell"))
        .when(worth)
        .then(pl.lit("rose"))
    )


def _nulls(counted: pl.DataFrame) -> Iterator[_Rate]:
    """Of the attributes that a source has at all."""
    for source, of, *parts in counted.iter_rows():
        for name, part in zip(counted.columns[2:], parts, strict=True):
            if part < of:
                yield "null", source, name, part, of


def _held(frames: Frames, of_source: nw.LazyFrame, sizes: Mapping[str, int], engine: Engine) -> Iterator[_Rate]:
    linking = (nw.col("state").cast(TEXT) == "used").cast(COUNT)
    held = frames["identifiers"].select("record_id", nw.col("type").cast(TEXT), used=linking)
    each = held.group_by("record_id", "type").agg(nw.col("used").max()).join(of_source, on="record_id")
    counted = each.group_by("source", "type").agg(_NUMBER.alias("holds"), nw.col("used").sum())
    for source, kind, holds, used in engine.collect(counted).iter_rows():
        yield "holds", source, kind, holds, sizes[source]
        yield "used", source, kind, used, holds


def _linked(frames: Frames, of_source: nw.LazyFrame, sizes: Mapping[str, int], engine: Engine) -> Iterator[_Rate]:
    used = frames["links"].filter(nw.col("state").cast(TEXT) == "used")
    ends = [used.select(record_id=end, rule=nw.col("rule").cast(TEXT)) for end in ("left_id", "right_id")]
    each = nw.concat(ends).unique(["record_id", "rule"]).join(of_source, on="record_id")
    for source, rule, part in engine.collect(each.group_by("source", "rule").agg(_NUMBER.alias("part"))).iter_rows():
        yield "linked", source, rule, part, sizes[source]


def _joined(frames: Frames, of_source: nw.LazyFrame, sizes: Mapping[str, int], engine: Engine) -> Iterator[_Rate]:
    several = [frames[name].filter(nw.col("records") > 1).select("entity_id") for name in ("profiles", "accounts")]
    inside = frames["assignments"].join(nw.concat(several), on="entity_id", how="semi").select("record_id")
    counted = engine.collect(of_source.join(inside, on="record_id").group_by("source").agg(_NUMBER.alias("part")))
    joined = dict(counted.iter_rows())
    for source, size in sizes.items():
        yield "joined", source, None, joined.get(source, 0), size


def _in_accounts(frames: Frames, engine: Engine) -> Iterator[_Rate]:
    reached = pl.col("records").filter(pl.col("accounts") != "none").sum()
    counted = overview.flow(frames, engine).group_by("source").agg(part=reached, of=pl.col("records").sum())
    for source, part, of in counted.iter_rows():
        yield "in an account", source, None, part, of
