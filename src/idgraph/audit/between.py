"""Between: what could have joined two entities and did not, of one pair of them or of many at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import narwhals.stable.v2 as nw
import polars as pl

__all__ = ["links_between", "shared_between"]

Frames = Mapping[str, nw.LazyFrame]
Collect = Callable[[nw.LazyFrame], pl.DataFrame]


def links_between(frames: Frames, placed: pl.DataFrame, pairs: pl.DataFrame, collect: Collect) -> pl.DataFrame:
    """Find the links between entities that are not one; none of them joins.

    Args:
        frames: links.
        placed: record_id, entity: all records of these entities.
        pairs: pair, left, right: the entities asked for.
        collect: brings a small frame to this process.

    Returns:
        pair, and the columns of `links`, those of few words as text.
    """
    ids = placed["record_id"].to_list()
    rows = collect(frames["links"].filter(nw.col("left_id").is_in(ids) & nw.col("right_id").is_in(ids)))
    for end in ("left", "right"):
        rows = rows.join(placed.select(**{f"{end}_id": "record_id", end: "entity"}), on=f"{end}_id")
    turned = pairs.select("pair", left="right", right="left")
    between = rows.join(pl.concat([pairs.select(turned.columns), turned]), on=["left", "right"]).drop("left", "right")
    return between.with_columns(pl.col("level", "rule", "state", "reason").cast(pl.String))


def shared_between(frames: Frames, placed: pl.DataFrame, pairs: pl.DataFrame, collect: Collect) -> pl.DataFrame:
    """Find the values that two entities both hold; none of them joins.

    Args:
        frames: identifiers.
        placed: record_id, entity, own (whether this record of the entity is to be named before others).
        pairs: pair, left, right: the entities asked for.
        collect: brings a small frame to this process.

    Returns:
        pair, type, value; record_id, own, state, reason of a holder in the left entity, and with `_other` of one in the
        right: those with a reason first.
    """
    held = frames["identifiers"].filter(nw.col("record_id").is_in(placed["record_id"].to_list()))
    rows = collect(held.select("record_id", "type", "value", "state", "reason"))
    rows = rows.with_columns(pl.col("type", "state", "reason").cast(pl.String)).join(placed, on="record_id")
    by = ["entity", "type", "value"]
    first = pl.all().sort_by("own", "reason", "record_id", descending=[True, False, False], nulls_last=True).first()
    holders = rows.group_by(by).agg(first)
    left = pairs.select("pair", "right", entity="left").join(holders, on="entity").drop("entity")
    found = left.join(holders, left_on=["right", "type", "value"], right_on=by, suffix="_other")
    return found.drop("right")
