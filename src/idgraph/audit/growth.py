"""Growth: in which order evidence joins the records of one entity, strongest first, and what each step adds."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import polars as pl

__all__ = ["growth"]

_SCHEMA: Final[pl.Schema] = pl.Schema(
    {
        "step": pl.Int64(),
        "left_id": pl.String(),
        "right_id": pl.String(),
        "rule": pl.String(),
        "value": pl.String(),
        "weight": pl.Float64(),
        "left_records": pl.Int64(),
        "right_records": pl.Int64(),
        "added": pl.List(pl.String()),
    }
)
_Join = tuple[float, str, str, str, str]  # weight, rule, value, two records


def growth(identifiers: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """Replay how an entity grew.

    Args:
        identifiers: the frame `identifiers`, of its records.
        links: the frame `links`, likewise.

    Returns:
        One row for each step that joined two groups of records, in order:
        step (from 1 on); left_id, right_id: a record of each, left of the larger; rule; value: the shared value, or
        what a link says; weight (log2 odds); left_records, right_records: how many the two groups had;
        added: the record ids of the smaller. Evidence that joins what is one already adds nothing and has no row.
    """
    joins = sorted({*_shared(identifiers), *_linked(links)}, key=lambda join: (-join[0], *join[1:]))
    groups: dict[str, list[str]] = {}
    rows: list[tuple[Any, ...]] = []
    for weight, rule, value, left, right in joins:
        one, other = groups.setdefault(left, [left]), groups.setdefault(right, [right])
        if one is other:
            continue
        ends = (left, right)
        if len(other) > len(one):
            one, other, ends = other, one, (right, left)
        rows.append((len(rows) + 1, *ends, rule, value, weight, len(one), len(other), sorted(other)))
        one += other
        groups.update(dict.fromkeys(other, one))
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _shared(identifiers: pl.DataFrame) -> Iterator[_Join]:
    """The values that several hold: each holder to the first."""
    used = identifiers.filter(pl.col("state").cast(pl.String) == "used")
    rules = used.with_columns(pl.col("rules").cast(pl.String).str.split(",").alias("rule")).explode("rule")
    held = rules.select("rule", "value", "record_id", "weight").sort("rule", "value", "record_id").rows()
    for (rule, value), rows in groupby(held, key=itemgetter(0, 1)):
        (_, _, first, known), *others = rows
        yield from ((min(known, weight), rule, value, first, record) for _, _, record, weight in others)


def _linked(links: pl.DataFrame) -> Iterator[_Join]:
    used = links.filter(pl.col("state").cast(pl.String) == "used").with_columns(pl.col("rule").cast(pl.String))
    for rule, evidence, left, right, weight in used.select("rule", "evidence", "left_id", "right_id", "weight").rows():
        yield weight, rule, evidence or "", left, right
