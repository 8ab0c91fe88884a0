"""Survivorship: the one value of each attribute that an entity shows, and the record it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from idgraph.schema import TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idgraph.engines import Engine

__all__ = ["best_values", "ranks"]


def ranks(records: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Order records: last seen first, ties by source name, then by record id.

    Args:
        records: record, record_id, source, last_seen.
        engine: what runs it.

    Returns:
        record, rank: a distinct integer; the smallest of an entity is its best record.
    """
    # Text sorts as text on every engine; a column of few words may not.
    keyed = records.select("record", "last_seen", nw.col("source").cast(TEXT).alias("source_name"), "record_id")
    by = ["last_seen", "source_name", "record_id"]
    ordered = keyed.sort(by, descending=[True, False, False], nulls_last=True)
    return engine.number(ordered.select("record"), "rank")


def best_values(records: nw.LazyFrame, chosen: nw.LazyFrame, attributes: Sequence[str]) -> nw.LazyFrame:
    """Look up the values that were chosen.

    Args:
        records: rank, record_id, and the attributes.
        chosen: for each attribute `<attribute>_rank`, the smallest rank that has a value; and more.
        attributes: the columns to look up.

    Returns:
        chosen, with each attribute and `<attribute>_record_id`, where it came from, in place of the rank.
    """
    for name in attributes:
        rank = f"{name}_rank"
        values = records.filter(~nw.col(name).is_null()).select(
            nw.col("rank").alias(rank), name, nw.col("record_id").alias(f"{name}_record_id")
        )
        chosen = chosen.join(values, on=rank, how="left").drop(rank)
    return chosen
