"""Between: what could have joined two entities and did not, of one pair of them or of many at once."""

from __future__ import annotations

import polars as pl

__all__ = ["links_between", "shared_between"]


def links_between(links: pl.DataFrame, placed: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Find the links between entities that are not one; none of them joins.

    Args:
        links: those from records of these entities; see `idgraph.audit.inside.evidence_held`.
        placed: record_id, entity: all records of these entities.
        pairs: pair, left, right: the entities asked for.

    Returns:
        pair, and the columns of `links`, those of few words as text.
    """
    rows = links.with_columns(pl.col("rule", "state", "reason").cast(pl.String))
    for end in ("left", "right"):
        rows = rows.join(placed.select(**{f"{end}_id": "record_id", end: "entity"}), on=f"{end}_id")
    turned = pairs.select("pair", left="right", right="left")
    both = pl.concat([pairs.select(turned.columns), turned])
    return rows.join(both, on=["left", "right"]).drop("left", "right")


def shared_between(identifiers: pl.DataFrame, placed: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Find the values that two entities both hold; none of them joins.

    Args:
        identifiers: those of records of these entities; see `idgraph.audit.inside.evidence_held`.
        placed: record_id, entity, own (whether this record of the entity is to be named before others).
        pairs: pair, left, right: the entities asked for.

    Returns:
        pair, type, value; record_id, own, state, reason of a holder in the left entity, and with `_other` of one in the
        right: those with a reason first.
    """
    held = identifiers.select("record_id", "value", pl.col("type", "state", "reason").cast(pl.String))
    rows = held.join(placed, on="record_id")
    by = ["entity", "type", "value"]
    first = pl.all().sort_by("own", "reason", "record_id", descending=[True, False, False], nulls_last=True).first()
    holders = rows.group_by(by).agg(first)
    left = pairs.select("pair", "right", entity="left").join(holders, on="entity").drop("entity")
    found = left.join(holders, left_on=["right", "type", "value"], right_on=by, suffix="_other")
    return found.drop("right")
