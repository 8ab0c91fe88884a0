"""Survivorship: the one value of each attribute that an entity shows, and the record it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idgraph.engines import Engine

__all__ = ["best_contacts", "best_values", "ranked"]


def ranked(records: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Order the records of each entity: last seen first, ties by source name, then by record id.

    Args:
        records: entity, record_id, source, last_seen, and more.
        engine: what runs it.

    Returns:
        The same with rank, a distinct integer: the smallest of an entity is its best record.
    """
    # Text sorts as text on every engine; a column of few words may not.
    keyed = records.with_columns(nw.col("source").cast(nw.String()).alias("source_name"))
    by = ["entity", "last_seen", "source_name", "record_id"]
    ordered = keyed.sort(by, descending=[False, True, False, False], nulls_last=True)
    return engine.number(ordered.drop("source_name"), "rank")


def best_values(records: nw.LazyFrame, attributes: Sequence[str]) -> nw.LazyFrame:
    """Choose for each entity the best record that has a value, attribute by attribute.

    Args:
        records: what `ranked` gives.
        attributes: columns to choose.

    Returns:
        entity, and for each attribute its value and `<attribute>_record_id`, where it came from.
    """
    marked = records.with_columns(
        *(nw.when(~nw.col(name).is_null()).then(nw.col("rank")).alias(f"{name}_rank") for name in attributes)
    )
    best = marked.group_by("entity").agg(*(nw.col(f"{name}_rank").min() for name in attributes))
    for name in attributes:
        values = records.select(
            nw.col("rank").alias(f"{name}_rank"), name, nw.col("record_id").alias(f"{name}_record_id")
        )
        best = best.join(values, on=f"{name}_rank", how="left").drop(f"{name}_rank")
    return best


def best_contacts(contacts: nw.LazyFrame, kind: str) -> nw.LazyFrame:
    """Choose for each entity the contact point of its best record; several of one record go by the alphabet.

    Args:
        contacts: entity, rank, value.
        kind: the name of the column to return.

    Returns:
        entity, and the value as `kind`.
    """
    first = contacts.group_by("entity").agg(nw.col("rank").min())
    return contacts.join(first, on=["entity", "rank"]).group_by("entity").agg(nw.col("value").min().alias(kind))
