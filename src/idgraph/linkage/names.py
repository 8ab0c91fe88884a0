"""Kernels on the parts of names, for guards that ask whether the holders of a value can be one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from idgraph.normalise import normalise

if TYPE_CHECKING:
    from idgraph.engines import Kernel

__all__ = ["name_parts"]

_SHORTEST: Final = 2  # an initial agrees with too many names to say anything


def name_parts(normaliser: str) -> Kernel:
    """Make the kernel that splits names into their parts.

    Args:
        normaliser: `person_name` or `company_name`.

    Returns:
        A kernel from record, name (String) to record, part (UInt64: a hash of the part, alike within one run only);
        one row for each distinct part of two letters or more.
    """

    def kernel(rows: pl.DataFrame) -> pl.DataFrame:
        names = normalise(normaliser, rows["name"])["value"]
        parts = rows.select("record", names.str.split(" ").alias("part")).explode("part")
        long = parts.filter(pl.col("part").str.len_chars() >= _SHORTEST)
        return long.select("record", pl.col("part").hash(seed=0)).unique()

    return kernel
