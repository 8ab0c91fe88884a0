"""Joins in which one key may have a great share of the rows: no task gets all of them.

Spark's adaptive skew join (on by default) splits such keys too, but only of partitions of hundreds of megabytes, and
not where the shuffle it would break up serves what follows as well. Where the pipeline joins on a value or an entity
by narwhals it is what we rely on; where it counts on one, it is this.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = ["HEAVY", "ROWS", "column", "heavy_keys", "with_found"]

# How many rows of one key a task may well take. There are few above: of a thousand million rows, ten thousand keys.
HEAVY: Final = 100_000
ROWS: Final = "__rows"
_HEAVY: Final = "__heavy"
_SALT: Final = "__salt"


def column(name: str) -> Column:
    """A column by its whole name, dots and all."""
    from pyspark.sql import functions as sf

    return sf.col("`" + name.replace("`", "``") + "`")


def heavy_keys(counted: DataFrame) -> DataFrame | None:
    """The rows of those keys that are too many for one task, without their count; None where there are none.

    Args:
        counted: one row for each key, with `__rows`; checkpointed.
    """
    heavy = counted.where(column(ROWS) > HEAVY).drop(ROWS)
    return None if heavy.isEmpty() else heavy


def with_found(rows: DataFrame, found: DataFrame, keys: Sequence[str], heavy: DataFrame | None) -> DataFrame:
    """Add the columns of a frame that has one row for each key: a left join in which nulls are equal.

    The rows of heavy keys are told by a broadcast, and then go to tasks by all that is in them, not by their key.

    Args:
        rows: any rows; their number stays.
        found: keys and the columns to add; no key twice.
        keys: columns of both.
        heavy: the rows of `found` whose keys have too many rows for one task.
    """
    from pyspark.sql import functions as sf

    added = [name for name in found.columns if name not in keys]
    if heavy is None:
        return _left_join(rows, found, keys).select(*map(column, rows.columns), *map(column, added))
    told = heavy.select(*map(column, keys), sf.struct(*map(column, added)).alias(_HEAVY))
    marked = _left_join(rows, sf.broadcast(told), keys)
    salt = sf.when(column(_HEAVY).isNotNull(), sf.xxhash64(*map(column, rows.columns))).otherwise(sf.lit(0))
    salted = found.withColumn(_SALT, sf.lit(0).cast("long"))
    joined = _left_join(marked.withColumn(_SALT, salt), salted, [*keys, _SALT])
    values = [sf.coalesce(column(_HEAVY)[name], column(name)).alias(name) for name in added]
    return joined.select(*map(column, rows.columns), *values)


def _left_join(rows: DataFrame, found: DataFrame, keys: Sequence[str]) -> DataFrame:
    names = {name: f"__key{number}" for number, name in enumerate(keys)}
    renamed = found.withColumnsRenamed(names)
    same = (column(name).eqNullSafe(column(other)) for name, other in names.items())
    return rows.join(renamed, reduce(lambda left, right: left & right, same), "left").drop(*names.values())
