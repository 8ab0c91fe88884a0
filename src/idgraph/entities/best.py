"""Survivorship: the one value of each attribute that an entity shows, and the record it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idgraph.engines import Engine

__all__ = ["best_values", "bids", "ranks"]


def ranks(records: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Order records: last seen first, ties by source name, then by native id.

    Args:
        records: record (numbered by source name and native id), last_seen.
        engine: what runs it.

    Returns:
        rank, record: the smallest rank of an entity is its best record.
    """
    return engine.newest_first(records.select("last_seen", "record"), "last_seen", "record", "rank").drop("last_seen")


def bids(attributes: Sequence[str]) -> dict[str, nw.Expr]:
    """What each record bids for an attribute: its rank where it has a value. The smallest bid of an entity wins."""
    return {f"{name}_rank": nw.when(~nw.col(name).is_null()).then(nw.col("rank")) for name in attributes}


def best_values(
    chosen: nw.LazyFrame, order: nw.LazyFrame, records: nw.LazyFrame, attributes: Sequence[str], engine: Engine
) -> nw.LazyFrame:
    """Look up the values that were chosen.

    Args:
        chosen: for each attribute `<attribute>_rank`, the smallest bid; and more.
        order: rank, record; see `ranks`.
        records: record, record_id, and the attributes.
        attributes: the columns to look up.
        engine: what runs it.

    Returns:
        chosen, with each attribute and `<attribute>_record_id`, where it came from, in place of the rank.
    """
    for name in attributes:
        columns = {name: name, f"{name}_record_id": "record_id"}
        held = records.filter(~nw.col(name).is_null())
        winners = engine.lookup(chosen, f"{name}_rank", order, "rank", {"winner": "record"})
        chosen = engine.lookup(winners, "winner", held, "record", columns).drop(f"{name}_rank", "winner")
    return chosen
