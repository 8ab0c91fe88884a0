"""Survivorship: the one value of each attribute that an entity shows, and the record it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

from idgraph.schema import microseconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idgraph.engines import Engine

__all__ = ["best_values", "bids", "ranks"]

_UNKNOWN: Final = -(2**62)  # a time before all others


def ranks(records: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Order records: last seen first, ties by source name, then by native id; deleted ones after all others.

    A system that merges two records deletes one, which then is the one changed last.

    Args:
        records: record (numbered by source name and native id), last_seen, deleted.
        engine: what runs it.

    Returns:
        rank, record: the smallest rank of an entity is its best record.
    """
    known = microseconds(records, "last_seen").fill_null(_UNKNOWN)
    seen = records.select("record", seen=nw.when(~nw.col("deleted")).then(known))
    return engine.newest_first(seen, "seen", "record", "rank").drop("seen")


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
