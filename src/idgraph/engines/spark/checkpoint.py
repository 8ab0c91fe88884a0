"""Frames computed once, whose plan is then a single leaf of unknown size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["checkpoint"]

_MARK: Final = "__computed"


def checkpoint(frame: DataFrame) -> DataFrame:
    """Compute a frame and leave it with the workers, without what Spark thought its size would be.

    Spark takes the size of a join to be the product of its sides' (`SizeInBytesOnlyStatsPlanVisitor`), and a checkpoint
    inherits what was estimated for its plan. A frame that is joined to what was made of it, such as its totals, squares
    the estimate: after thirty such joins it has millions of digits, which Spark multiplies for minutes. Spark gives up
    to inherit where it cannot tell the columns of the plan apart (`LogicalRDD.buildOutputAssocForRewrite`), hence one
    column twice. What is small is then for adaptive execution to see, which counts instead of guessing.
    """
    from pyspark.sql import functions as sf

    marked = frame.withColumn(_MARK, sf.lit(True))
    return marked.select("*", _MARK).localCheckpoint().drop(_MARK)
