"""What of the events counts for whom, and what does not: how many, and why."""

from __future__ import annotations

from typing import Final

import polars as pl

__all__ = ["READ", "covered"]

_BY: Final = ["level", "accounts", "via", "strict"]
_WORDS: Final = {0: "none", 1: "one", 2: "several"}
_EARLY: Final = {"person": "before_sign_up", "tenant": "before_tenant"}
READ: Final = ("count", "at", "via", "strict", "person_id", "tenant_id", "account_id")


def covered(events: pl.LazyFrame, later: pl.LazyFrame, entities: pl.LazyFrame, refused: pl.LazyFrame) -> pl.DataFrame:
    """Count what reaches accounts; see `Activity.coverage`.

    Args:
        events: those that count: the columns `READ`.
        later: the same of those that are not there yet.
        entities: as in `Activity`.
        refused: likewise.
    """
    told = events.with_columns(reached=pl.col("account_id").is_not_null().cast(pl.Int64)).collect()
    parts = [
        _of_events(told, "event"),
        _of_events(told.filter(pl.col("person_id").is_null()), "nobody"),
        *(_of_events(_before(told, entities, level), word) for level, word in _EARLY.items()),
        _of_events(later.with_columns(reached=pl.lit(None, pl.Int64)).collect(), "later"),
        *(_of_entities(told, level) for level in ("person", "tenant")),
    ]
    words = pl.col("reached").clip(upper_bound=2).replace_strict(_WORDS, default=None, return_dtype=pl.String)
    counted = pl.concat(parts).with_columns(accounts=words).group_by(_BY).agg(pl.col("number").sum())
    nothing = [pl.lit(None, dtype).alias(name) for name, dtype in (("accounts", pl.String), ("strict", pl.Boolean))]
    unused = refused.filter(pl.col("number") > 0).with_columns(pl.lit("refused").alias("level"), *nothing)
    unused = unused.rename({"reason": "via"})
    return pl.concat([counted.select(*_BY, "number"), unused.select(*_BY, "number").collect()]).sort(_BY)


def _of_events(events: pl.DataFrame, level: str) -> pl.DataFrame:
    """Events by how they reach an account, each as often as it stands for."""
    return events.select("reached", "via", "strict", pl.col("count").alias("number"), level=pl.lit(level))


def _of_entities(events: pl.DataFrame, level: str) -> pl.DataFrame:
    """People or tenants by how many accounts their events reach."""
    key, account = f"{level}_id", pl.col("account_id")
    counted = events.drop_nulls(key).group_by(key).agg(account.drop_nulls().n_unique(), *map(_only, ("via", "strict")))
    reached = account.cast(pl.Int64).alias("reached")
    return counted.select(reached, "via", "strict", number=pl.lit(1, pl.Int64), level=pl.lit(level))


def _only(column: str) -> pl.Expr:
    """The value that all events of a group have that reach an account; null where they differ."""
    values = pl.col(column).filter(pl.col("account_id").is_not_null())
    return pl.when(values.n_unique() == 1).then(values.first()).alias(column)


def _before(events: pl.DataFrame, entities: pl.LazyFrame, level: str) -> pl.DataFrame:
    """The events of entities of a level from before these came to be."""
    key = f"{level}_id"
    begun = entities.filter(pl.col("level") == level).select(pl.col("entity_id").alias(key), "since")
    return events.join(begun.collect(), on=key).filter(pl.col("at") < pl.col("since")).drop("since")
