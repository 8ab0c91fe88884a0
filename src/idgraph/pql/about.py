"""What tables of associations say of the rows of others: whom a deal is with, who is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

from idgraph.schema import TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from idgraph.engines import Engine

__all__ = ["ABOUT", "earliest", "in_company_of", "of_no_row", "with_others"]

ABOUT: Final = (
    "source", "row_id", "primary", "at", "record_id", "company_record_id", "file", "row", "value",
)  # fmt: skip
_KNOWN_AT: Final = {"record_id": "record_known_at", "company_record_id": "company_known_at"}


def with_others(events: nw.LazyFrame, about: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Say whom and which company events are about that name none themselves.

    Args:
        events: row_id, record_id, company_record_id and more.
        about: the columns of `ABOUT`: what others say of the same rows. Of several the primary counts, else the first
            by time, and then by id; a person and a company need not be of one.
        engine: what runs it.

    Returns:
        The same events, with record_known_at and company_known_at: since when others say so; null where none do, or
        none says when.
    """
    rank = nw.when(nw.col("primary")).then(nw.lit(0)).otherwise(nw.lit(1)).alias("rank")
    for name in _KNOWN_AT:
        said = about.filter(~nw.col(name).is_null()).select("row_id", rank, nw.col("at").alias("since"), name)
        best = earliest(said, ["row_id"], name, engine).select("row_id", "since", nw.col(name).alias("said"))
        events = _filled(events.join(best, on="row_id", how="left"), name)
    return events


def in_company_of(events: nw.LazyFrame, others: nw.LazyFrame) -> nw.LazyFrame:
    """Let events that name no company be of the company that the rows are of which they are about."""
    known = others.filter(~nw.col("company_record_id").is_null())
    theirs = known.group_by(nw.col("row_id").alias("about")).agg(
        nw.col("company_record_id").min().alias("said"), nw.col("company_known_at").max().alias("since")
    )
    return _filled(events.join(theirs, on="about", how="left"), "company_record_id")


def _filled(events: nw.LazyFrame, name: str) -> nw.LazyFrame:
    """Let `said` be whom events are about that name none, and `since` when that was known."""
    since = nw.when(nw.col(name).is_null()).then(nw.col("since")).otherwise(nw.col(_KNOWN_AT[name]))
    filled = events.with_columns(since.alias(_KNOWN_AT[name]), nw.coalesce(name, "said").alias(name))
    return filled.drop("said", "since")


def of_no_row(about: nw.LazyFrame, there: nw.LazyFrame, columns: Mapping[str, str]) -> nw.LazyFrame:
    """Reject what names a row that nobody gave; the frame `rejects`.

    Args:
        about: the columns of `ABOUT`.
        there: row_id of those that there are.
        columns: the column of each source that names the other's rows.
    """
    column = nw.lit(None).cast(TEXT)
    for name, address in columns.items():
        column = nw.when(nw.col("source") == name).then(nw.lit(address)).otherwise(column)
    unknown = about.join(there.unique("row_id"), on="row_id", how="anti")
    return unknown.select(
        "source",
        "file",
        "row",
        nw.lit("value").alias("grain"),
        column.alias("column"),
        "value",
        nw.lit("no_such_row").alias("reason"),
    )


def earliest(found: nw.LazyFrame, keys: Sequence[str], name: str, engine: Engine) -> nw.LazyFrame:
    """Choose of the values of each group that of the lowest `rank`, of these the first `since`, then the smallest.

    Args:
        found: the keys, rank, since (null: unknown, which comes last), and the column of the values.
        keys: what makes a group.
        name: the column of the values.
        engine: what runs it.

    Returns:
        The keys, the value, since.
    """
    for order in ("rank", "since"):
        least = engine.with_totals(found, list(keys), least=nw.col(order).min())
        found = least.filter((nw.col(order) == nw.col("least")) | nw.col("least").is_null()).drop("least")
    return found.group_by(*keys).agg(nw.col(name).min(), nw.col("since").min())
